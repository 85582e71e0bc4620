-- What a filter plan took out is asked for by its own filter (dnc-removed?filter[plan_id]=), not with the plan: it may be a million rows.
set search_path = zj, public;
set role zj_owner;
comment on table dnc_plan is '{"resource":"dnc-plans","zh":"黑名单过滤计划","en":"Do-not-call filter plan","scope":"tenant","sort":"-id","menu":"crm","order":72,"icon":"filter","import":false}';
reset role;
