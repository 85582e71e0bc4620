-- BPO accounts: people of a client or an outsourcer, who log in to see the campaigns and business clients given to them and nothing else.
-- And the campaign itself, so far as somebody can be given one; dialling comes with the outbound centre.
set search_path = zj, public;
set role zj_owner;

create table campaign (
    tenant_id      uuid not null references tenant (id) on delete cascade,
    id             uuid not null default zj_uuid7(),
    name           text not null check (char_length(name) between 1 and 100),
    description    text not null default '' check (char_length(description) <= 1000),
    questionnaires uuid[] not null default '{}' check (cardinality(questionnaires) <= 100),
    link_id        uuid,
    enabled        boolean not null default true,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name),
    foreign key (tenant_id, link_id) references link (tenant_id, id)
);
call zj_tenant_table('campaign');
call zj_recyclable('campaign');
call zj_audited('campaign');
call zj_quota('campaign', 'max_campaigns');
call zj_references('campaign', 'questionnaires', 'questionnaire');
create index on campaign (tenant_id, link_id);
alter table customer add column campaign_id uuid,
    add foreign key (tenant_id, campaign_id) references campaign (tenant_id, id) on delete set null (campaign_id);
create index on customer (tenant_id, campaign_id) where campaign_id is not null;
grant update (campaign_id) on customer to zj_tenant;
create index on call (tenant_id, campaign_ref, id desc) where campaign_ref is not null;

alter table account
    add column campaigns        uuid[] not null default '{}' check (cardinality(campaigns) <= 1000),
    add column business_clients uuid[] not null default '{}' check (cardinality(business_clients) <= 1000),
    add constraint account_bpo check (type = 'bpo' or campaigns = '{}' and business_clients = '{}');
call zj_references('account', 'campaigns', 'campaign');
call zj_references('account', 'business_clients', 'business_client');

-- The pages of BPO accounts and what can be allowed on each.
create function zj_bpo_permissions() returns text[] language sql immutable as $$
    select array['business-clients.read', 'business-clients.export',
        'customers.create', 'customers.update', 'customers.read', 'customers.delete', 'customers.export', 'customers.write',
        'calls.read', 'calls.export', 'recordings.read', 'recordings.listen',
        'questionnaires.update', 'questionnaires.read', 'questionnaires.export',
        'campaigns.read', 'show.phone', 'show.email']
$$;
create function role_bpo() returns trigger language plpgsql as $$
declare bad text := (select p from unnest(new.permissions) p where p <> all (zj_bpo_permissions()) limit 1);
begin
    if tg_op = 'UPDATE' and new.type <> old.type then
        raise check_violation using message = 'a role keeps its type', column = 'type', constraint = 'role_type_fixed';
    end if;
    if new.type = 'bpo' and bad is not null then
        raise check_violation using message = format('%s is no permission of BPO accounts', bad), column = 'permissions', constraint = 'role_bpo';
    end if;
    return new;
end $$;
create trigger bpo before insert or update of type, permissions on role for each row execute function role_bpo();
-- A BPO account has a BPO role, and nobody else has.
create function account_bpo_role() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    if (new.type = 'bpo' or new.role_id is not null)
        and (new.type = 'bpo') <> exists (select from role r where r.tenant_id = new.tenant_id and r.id = new.role_id and r.type = 'bpo') then
        raise check_violation using message = case new.type when 'bpo' then 'a BPO account needs one BPO role' else 'the role is for BPO accounts' end,
            column = 'role_id', constraint = 'account_bpo_role';
    end if;
    return new;
end $$;
create trigger bpo_role before insert or update of type, role_id on account for each row execute function account_bpo_role();

-- What is given to the caller; null for whoever is no BPO account.
create function zj_bpo_campaigns() returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select campaigns from account where tenant_id = zj_tenant() and id = zj_account() and type = 'bpo'
$$;
create function zj_bpo_clients() returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select business_clients from account where tenant_id = zj_tenant() and id = zj_account() and type = 'bpo'
$$;
-- The numbers that ring for these clients.
create function zj_bpo_numbers() returns text[] language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(array_agg(number), '{}') from did where tenant_id = zj_tenant() and business_client_id = any (zj_bpo_clients())
$$;
create policy bpo on campaign as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null) or id = any ((select zj_bpo_campaigns())::uuid[]));
create policy bpo on business_client as restrictive to zj_tenant using ((select zj_bpo_clients() is null) or id = any ((select zj_bpo_clients())::uuid[]));
create policy bpo on customer as restrictive to zj_tenant using ((select zj_bpo_clients() is null)
    or business_client_id = any ((select zj_bpo_clients())::uuid[]) or campaign_id = any ((select zj_bpo_campaigns())::uuid[]));
create policy bpo on questionnaire as restrictive to zj_tenant using ((select zj_bpo_clients() is null)
    or exists (select from business_client c where c.tenant_id = questionnaire.tenant_id and questionnaire.id = any (c.questionnaires))
    or exists (select from campaign c where c.tenant_id = questionnaire.tenant_id and questionnaire.id = any (c.questionnaires)));
create policy bpo on call as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null)
    or campaign_ref = any ((select zj_bpo_campaigns())::text[]) or did = any ((select zj_bpo_numbers())::text[]));
do $$
declare t text;
begin
    foreach t in array array['call_leg', 'call_segment', 'queue_visit', 'offer', 'ivr_visit', 'recording'] loop
        execute format('create policy bpo on %I as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null) or exists (select from call c where c.tenant_id = %1$I.tenant_id and c.id = call_id))', t);
    end loop;
    foreach t in array array['lead', 'pool', 'pool_entry', 'pool_move', 'link', 'business_client_contact', 'business_client_number', 'business_client_page', 'kb_category', 'kb_article',
        'agent', 'queue', 'queue_agent', 'extension', 'did', 'trunk', 'number', 'blacklist', 'flow', 'prompt', 'department', 'account_group', 'account_group_member', 'agent_group', 'busy_reason'] loop
        execute format('create policy bpo on %I as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null))', t);
    end loop;
end $$;
create policy bpo on account as restrictive to zj_tenant using ((select zj_bpo_campaigns() is null) or id = zj_account());

comment on table campaign is '{"resource":"campaigns","zh":"外呼任务","en":"Campaign","scope":"tenant","label":"name","menu":"callcentre","order":65,"quota":"max_campaigns","search":["name"]}';
comment on column campaign.name is '{"zh":"任务名称","en":"Name"}';
comment on column campaign.description is '{"zh":"说明","en":"Description","widget":"textarea"}';
comment on column campaign.questionnaires is '{"zh":"问卷","en":"Questionnaires","ref":"questionnaires","list":false}';
comment on column campaign.link_id is '{"zh":"业务页","en":"Work page"}';
comment on column campaign.enabled is '{"zh":"启用","en":"Enabled"}';
comment on column customer.campaign_id is '{"zh":"外呼任务","en":"Campaign","filter":true,"group":"owner"}';
comment on column account.campaigns is '{"zh":"外呼营销中心","en":"Campaigns","ref":"campaigns","list":false,"when":{"field":"type","in":["bpo"]}}';
comment on column account.business_clients is '{"zh":"虚拟呼叫中心","en":"Business clients","ref":"business-clients","list":false,"when":{"field":"type","in":["bpo"]}}';
call zj_searchable('campaign');
reset role;
