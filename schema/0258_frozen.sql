-- A process that is frozen (a paused machine, a stopped container) with locks in its hands lets them go after a minute: its session
-- ends, and it begins again when it wakes up. Nobody of ours thinks for a minute inside a transaction.
do $$
declare r text;
begin
    foreach r in array array['zj_api', 'zj_acd', 'zj_edge', 'zj_ivr', 'zj_worker'] loop
        execute format('alter role %I set idle_in_transaction_session_timeout = %L', r, '1min');
    end loop;
end $$;
