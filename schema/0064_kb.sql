-- The knowledge base: a tree of categories, who may see and edit which, articles with files, and what each account has read.
set search_path = zj, public;
set role zj_owner;

create table kb_category (
    tenant_id          uuid not null references tenant (id) on delete cascade,
    id                 uuid not null default zj_uuid7(),
    parent_id          uuid,
    name               text not null check (char_length(name) between 1 and 100),
    remark             text not null default '' check (char_length(remark) <= 500),
    position           integer not null default 0 check (position between 0 and 1000000),
    public             boolean not null default true,
    mode               text not null default 'inherit' check (mode in ('inherit', 'custom')),
    business_client_id uuid,
    ancestors          uuid[] not null default '{}',
    rules_id           uuid not null default '00000000-0000-0000-0000-000000000000',
    created_by         uuid default zj_account(),
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, business_client_id, parent_id, name),
    foreign key (tenant_id, parent_id) references kb_category (tenant_id, id),
    foreign key (tenant_id, business_client_id) references business_client (tenant_id, id)
);
create table kb_grant (
    tenant_id     uuid not null references tenant (id) on delete cascade,
    id            uuid not null default zj_uuid7(),
    category_id   uuid not null,
    department_id uuid,
    account_id    uuid,
    permission    text not null check (permission in ('view', 'edit', 'manage')),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique nulls not distinct (tenant_id, category_id, department_id, account_id),
    foreign key (tenant_id, category_id) references kb_category (tenant_id, id) on delete cascade,
    foreign key (tenant_id, department_id) references department (tenant_id, id) on delete cascade,
    foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade,
    constraint kb_grant_one check (num_nonnulls(department_id, account_id) = 1)
);
create table kb_article (
    tenant_id          uuid not null references tenant (id) on delete cascade,
    id                 uuid not null default zj_uuid7(),
    category_id        uuid not null,
    name               text not null check (char_length(name) between 1 and 200),
    tags               text[] not null default '{}' check (cardinality(tags) <= 50),
    status             text not null default 'draft' check (status in ('draft', 'published')),
    content            text not null check (octet_length(content) between 1 and 1048576),
    text_content       text not null default '' check (char_length(text_content) <= 100000),
    file_id            uuid,
    category1_id       uuid,
    category2_id       uuid,
    business_client_id uuid,
    created_by         uuid default zj_account(),
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, category_id) references kb_category (tenant_id, id),
    foreign key (tenant_id, file_id) references upload (tenant_id, id) on delete set null (file_id),
    -- Readers' browsers clean what they show; here is refused what nobody writes by accident.
    constraint kb_article_harmless check (content !~* '<\s*/?\s*(script|iframe|object|embed|link|meta|base|form|style|svg|math)\y' and content !~* '[\s/"'']on[a-z]+\s*=' and content !~* '(javascript|vbscript)\s*:')
);
create table kb_attachment (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    article_id uuid not null,
    name       text not null check (char_length(name) between 1 and 255),
    file_id    uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, article_id) references kb_article (tenant_id, id) on delete cascade,
    foreign key (tenant_id, file_id) references upload (tenant_id, id) on delete cascade
);
-- What an account has looked at; a row a look.
create table kb_view (
    tenant_id  uuid not null references tenant (id) on delete cascade,
    id         uuid not null default zj_uuid7(),
    article_id uuid not null,
    account_id uuid not null default zj_account(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    foreign key (tenant_id, article_id) references kb_article (tenant_id, id) on delete cascade
);
create index on kb_category (tenant_id, parent_id); create index on kb_category using gin (ancestors); create index on kb_category (tenant_id, rules_id);
create index on kb_category (tenant_id, business_client_id);
create index on kb_grant (tenant_id, department_id); create index on kb_grant (tenant_id, account_id);
create index on kb_article (tenant_id, category_id); create index on kb_article (tenant_id, category1_id); create index on kb_article (tenant_id, category2_id);
create index on kb_article (tenant_id, file_id); create index on kb_article (tenant_id, business_client_id);
create index on kb_attachment (tenant_id, article_id); create index on kb_attachment (tenant_id, file_id);
create index on kb_view (tenant_id, account_id, id desc); create index on kb_view (tenant_id, article_id);
do $$
declare t text;
begin
    foreach t in array array['kb_category', 'kb_grant', 'kb_article', 'kb_attachment'] loop
        call zj_tenant_table(t::regclass);
        call zj_recyclable(t::regclass);
        call zj_audited(t::regclass);
    end loop;
end $$;
call zj_tenant_table('kb_view');
revoke update on kb_view from zj_tenant;
create policy keep_zj_owner on kb_view to zj_owner using (true) with check (true);

-- The tree: `ancestors` from the top down to the category itself; `rules_id` the category whose rules hold: the nearest on the way up
-- that has its own, else the top one.
create function kb_category_place() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
declare
    above kb_category;
begin
    if new.parent_id is not null then
        select * into above from kb_category where tenant_id = new.tenant_id and id = new.parent_id for key share;
        if not found then
            raise foreign_key_violation using message = 'no such parent', column = 'parent_id', constraint = 'kb_category_parent';
        end if;
        if new.id = any (above.ancestors) then
            raise check_violation using message = 'a category cannot lie in itself', column = 'parent_id', constraint = 'kb_category_tree';
        end if;
        if cardinality(above.ancestors) >= 20 then
            raise check_violation using message = 'at most 20 levels', column = 'parent_id', constraint = 'kb_category_depth';
        end if;
        new.business_client_id := above.business_client_id;
    end if;
    new.ancestors := coalesce(above.ancestors, '{}') || new.id;
    new.rules_id := case when new.mode = 'custom' or new.parent_id is null then new.id else above.rules_id end;
    return new;
end $$;
create trigger place before insert or update of parent_id, mode, business_client_id, ancestors, rules_id on kb_category for each row execute function kb_category_place();
create function kb_category_below() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    update kb_category set ancestors = '{}' where tenant_id = new.tenant_id and parent_id = new.id; -- place() finds the right ones
    update kb_article set category1_id = null where tenant_id = new.tenant_id and category_id = new.id;
    return null;
end $$;
create trigger below after update on kb_category for each row when (new.ancestors <> old.ancestors or new.rules_id <> old.rules_id or new.business_client_id is distinct from old.business_client_id)
    execute function kb_category_below();
create function kb_article_place() returns trigger language plpgsql security definer set search_path = zj, pg_temp as $$
begin
    select c.ancestors[1], c.ancestors[2], c.business_client_id into new.category1_id, new.category2_id, new.business_client_id
      from kb_category c where c.tenant_id = new.tenant_id and c.id = new.category_id;
    return new;
end $$;
create trigger place before insert or update of category_id, category1_id, category2_id, business_client_id on kb_article for each row execute function kb_article_place();

-- The administrator of a tenant, the carrier inside it, and the installation's own work.
create function zj_is_admin() returns boolean language sql stable security definer set search_path = zj, pg_temp as $$
    select zj_account() is null or coalesce((select r.kind = 'admin' or '*' = any (r.permissions) from account a left join role r on r.tenant_id = a.tenant_id and r.id = a.role_id
        where a.tenant_id = zj_tenant() and a.id = zj_account()), not exists (select from account a where a.tenant_id = zj_tenant() and a.id = zj_account()))
$$;
-- The categories whose rules give the caller this permission, or a greater one.
create function zj_kb_rules(wanted text) returns uuid[] language sql stable security definer set search_path = zj, pg_temp as $$
    select coalesce(array_agg(c.id), '{}') from kb_category c
     where c.tenant_id = zj_tenant() and c.rules_id = c.id and (zj_is_admin() or c.public and wanted = 'view' or exists (
        select from kb_grant g where g.tenant_id = c.tenant_id and g.category_id = c.id
           and array_position(array['view', 'edit', 'manage'], g.permission) >= array_position(array['view', 'edit', 'manage'], wanted)
           and (g.account_id = zj_account() or g.department_id in (select unnest(d.path) from account a join department d on d.tenant_id = a.tenant_id and d.id = a.department_id
                                                                   where a.tenant_id = zj_tenant() and a.id = zj_account()))))
$$;
create function zj_kb_categories(wanted text) returns setof uuid language sql stable security definer set search_path = zj, pg_temp as $$
    select id from kb_category where tenant_id = zj_tenant() and rules_id = any (zj_kb_rules(wanted))
$$;

-- Seen: what one may view. Changed: what one may edit; made: below what one may edit, at the top by administrators.
create policy kb_seen on kb_category as restrictive for select to zj_tenant using ((select zj_is_admin()) or created_by = zj_account() or rules_id = any ((select zj_kb_rules('view'))::uuid[]));
create policy kb_made on kb_category as restrictive for insert to zj_tenant with check ((select zj_is_admin()) or parent_id in (select zj_kb_categories('edit')));
create policy kb_changed on kb_category as restrictive for update to zj_tenant using ((select zj_is_admin()) or rules_id = any ((select zj_kb_rules('edit'))::uuid[]))
    with check ((select zj_is_admin()) or parent_id in (select zj_kb_categories('edit')));
create policy kb_gone on kb_category as restrictive for delete to zj_tenant using ((select zj_is_admin()) or rules_id = any ((select zj_kb_rules('edit'))::uuid[]));
create policy kb_managed on kb_grant as restrictive to zj_tenant using ((select zj_is_admin()) or category_id in (select zj_kb_categories('manage')));
create policy kb_seen on kb_article as restrictive for select to zj_tenant using ((select zj_is_admin()) or status = 'published' and category_id in (select zj_kb_categories('view')) or category_id in (select zj_kb_categories('edit')));
create policy kb_made on kb_article as restrictive for insert to zj_tenant with check ((select zj_is_admin()) or category_id in (select zj_kb_categories('edit')));
create policy kb_changed on kb_article as restrictive for update to zj_tenant using ((select zj_is_admin()) or category_id in (select zj_kb_categories('edit'))) with check ((select zj_is_admin()) or category_id in (select zj_kb_categories('edit')));
create policy kb_gone on kb_article as restrictive for delete to zj_tenant using (category_id in (select zj_kb_categories('edit')));
create policy kb_seen on kb_attachment as restrictive for select to zj_tenant using (exists (select from kb_article a where a.tenant_id = kb_attachment.tenant_id and a.id = article_id));
do $$
declare what text;
begin
    foreach what in array array['insert', 'update', 'delete'] loop
        execute format('create policy kb_%s on kb_attachment as restrictive for %1$s to zj_tenant %s (exists (select from kb_article a where a.tenant_id = kb_attachment.tenant_id and a.id = article_id
            and a.category_id in (select zj_kb_categories(%L))))', what, case what when 'insert' then 'with check' else 'using' end, 'edit');
    end loop;
end $$;
create policy kb_own on kb_view as restrictive to zj_tenant using (account_id = zj_account()) with check (account_id = zj_account()
    and exists (select from kb_article a where a.tenant_id = kb_view.tenant_id and a.id = article_id));

comment on table kb_category is '{"resource":"kb-categories","zh":"知识类别","en":"Knowledge category","scope":"tenant","label":"name","sort":"position,name","menu":"kb","order":20,"tree":"parent_id","search":["name"]}';
comment on column kb_category.parent_id is '{"zh":"上级类别","en":"Parent"}';
comment on column kb_category.name is '{"zh":"知识类别名称","en":"Category name"}';
comment on column kb_category.remark is '{"zh":"知识类别备注","en":"Category note","widget":"textarea"}';
comment on column kb_category.position is '{"zh":"顺序","en":"Position","list":false}';
comment on column kb_category.public is '{"zh":"是否全局公开","en":"Public","help_zh":"除管理员外的员工可否查看","help_en":"may others than administrators view it"}';
comment on column kb_category.mode is '{"zh":"权限方式","en":"Permissions","enum":{"inherit":{"zh":"继承","en":"As the parent"},"custom":{"zh":"自定义权限","en":"Its own"}}}';
comment on column kb_category.business_client_id is '{"zh":"虚拟客户","en":"Business client","help_zh":"仅顶级类别填写","help_en":"of top categories; others follow"}';
comment on column kb_category.ancestors is '{"zh":"路径","en":"Ancestors","readonly":true,"list":false,"ref":"kb-categories"}';
comment on column kb_category.rules_id is '{"zh":"权限来源","en":"Permissions come from","readonly":true,"list":false,"ref":"kb-categories"}';
comment on column kb_category.created_by is '{"zh":"创建者","en":"Created by","readonly":true,"ref":"accounts","list":false}';
comment on table kb_grant is '{"resource":"kb-grants","zh":"知识权限","en":"Knowledge permission","scope":"tenant","menu":"kb","order":30}';
comment on column kb_grant.category_id is '{"zh":"知识类别","en":"Category"}';
comment on column kb_grant.department_id is '{"zh":"部门","en":"Department"}';
comment on column kb_grant.account_id is '{"zh":"员工","en":"Account"}';
comment on column kb_grant.permission is '{"zh":"权限","en":"Permission","enum":{"view":{"zh":"查看","en":"View"},"edit":{"zh":"编辑","en":"Edit"},"manage":{"zh":"管理","en":"Manage"}}}';
comment on table kb_article is '{"resource":"kb-articles","zh":"知识","en":"Article","scope":"tenant","label":"name","sort":"-id","menu":"kb","order":10,"icon":"book","search":["name","text_content","content"]}';
comment on column kb_article.category_id is '{"zh":"知识类别","en":"Category"}';
comment on column kb_article.name is '{"zh":"知识名称","en":"Name"}';
comment on column kb_article.tags is '{"zh":"知识标签","en":"Tags","widget":"tags"}';
comment on column kb_article.status is '{"zh":"状态","en":"Status","enum":{"draft":{"zh":"草稿","en":"Draft"},"published":{"zh":"发布","en":"Published"}}}';
comment on column kb_article.content is '{"zh":"显示内容","en":"Content","widget":"html","list":false}';
comment on column kb_article.text_content is '{"zh":"文本内容","en":"Text content","widget":"textarea","list":false}';
comment on column kb_article.file_id is '{"zh":"文件","en":"File","file":true,"widget":"file","list":false}';
comment on column kb_article.category1_id is '{"zh":"一级知识类别","en":"First-level category","readonly":true,"ref":"kb-categories"}';
comment on column kb_article.category2_id is '{"zh":"二级知识类别","en":"Second-level category","readonly":true,"ref":"kb-categories"}';
comment on column kb_article.business_client_id is '{"zh":"虚拟客户","en":"Business client","readonly":true,"ref":"business-clients"}';
comment on column kb_article.created_by is '{"zh":"创建者","en":"Created by","readonly":true,"ref":"accounts","list":false}';
comment on table kb_attachment is '{"resource":"kb-attachments","zh":"知识附件","en":"Attachment","scope":"tenant","label":"name","menu":"kb","order":40,"search":["name"]}';
comment on column kb_attachment.article_id is '{"zh":"知识","en":"Article"}';
comment on column kb_attachment.name is '{"zh":"名称","en":"Name"}';
comment on column kb_attachment.file_id is '{"zh":"文件","en":"File","file":true,"widget":"file"}';
comment on table kb_view is '{"resource":"kb-views","zh":"历史查看记录","en":"Viewing history","scope":"tenant","sort":"-id","update":false,"import":false,"menu":"kb","order":50}';
comment on column kb_view.article_id is '{"zh":"知识","en":"Article"}';
comment on column kb_view.account_id is '{"zh":"账号","en":"Account","readonly":true,"ref":"accounts"}';
call zj_searchable('kb_category'); call zj_searchable('kb_article'); call zj_searchable('kb_attachment');
reset role;
