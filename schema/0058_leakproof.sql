-- More operators that filters use and that row-level security would keep from their indexes otherwise (see 0021). Each compares two
-- values and raises no error that depends on what is in them, so it tells nothing of rows that the policies hide:
--   numeric       comparisons of amounts
--   arrays        && and @> of ids and texts (a department's path, who shares a row): they ask the element type's own equality
--   jsonb @>      a custom field's value
alter function numeric_eq(numeric, numeric) leakproof;
alter function numeric_lt(numeric, numeric) leakproof;
alter function numeric_le(numeric, numeric) leakproof;
alter function numeric_gt(numeric, numeric) leakproof;
alter function numeric_ge(numeric, numeric) leakproof;
alter function arrayoverlap(anyarray, anyarray) leakproof;
alter function arraycontains(anyarray, anyarray) leakproof;
alter function jsonb_contains(jsonb, jsonb) leakproof;
