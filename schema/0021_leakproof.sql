-- Filters under row-level security: an operator that is not leakproof is run after the policy and so never uses an index
-- (15 → 260 ms on a million rows). These compare text and raise no error that shows a value, so a superuser may say so.
alter function textlike(text, text) leakproof;
alter function texticlike(text, text) leakproof;
