"""The registry and the people are no tenant's rows, and still no tenant may read through them.

The application sees the tenant it has entered and the people who are members there. What has to be known before a
tenant is entered (who signs in, which tenant a slug names) is asked of functions that answer for one exact name.
Row security is not forced here: the owner, whom these functions run as, sees all.
"""

from django.db import migrations

from miosa.pg.tenant_entry import create_tenant_entry

POLICIES = """
ALTER TABLE tenants_tenant ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenants_tenant
  USING (id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
  WITH CHECK (id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY platform ON tenants_tenant TO miosa_platform USING (true) WITH CHECK (true);

ALTER TABLE tenants_domain ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenants_domain
  USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
  WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY platform ON tenants_domain TO miosa_platform USING (true) WITH CHECK (true);
REVOKE INSERT, UPDATE, DELETE ON tenants_tenant, tenants_domain FROM miosa_app;

ALTER TABLE tenants_user ENABLE ROW LEVEL SECURITY;
CREATE POLICY member ON tenants_user FOR SELECT
  USING (EXISTS (SELECT FROM tenants_membership m WHERE m.user_id = tenants_user.id));
CREATE POLICY newcomer ON tenants_user FOR INSERT WITH CHECK (NOT is_staff AND NOT is_superuser);
CREATE POLICY platform ON tenants_user TO miosa_platform USING (true) WITH CHECK (true);
REVOKE UPDATE, DELETE ON tenants_user FROM miosa_app;
REVOKE ALL ON tenants_user_groups, tenants_user_user_permissions FROM miosa_app;
"""

OPEN = """
GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_tenant, tenants_domain, tenants_user, tenants_user_groups,
  tenants_user_user_permissions TO miosa_app;
DROP POLICY platform ON tenants_user;
DROP POLICY newcomer ON tenants_user;
DROP POLICY member ON tenants_user;
ALTER TABLE tenants_user DISABLE ROW LEVEL SECURITY;
DROP POLICY platform ON tenants_domain;
DROP POLICY tenant_isolation ON tenants_domain;
ALTER TABLE tenants_domain DISABLE ROW LEVEL SECURITY;
DROP POLICY platform ON tenants_tenant;
DROP POLICY tenant_isolation ON tenants_tenant;
ALTER TABLE tenants_tenant DISABLE ROW LEVEL SECURITY;
"""

LOOK_UPS = """
CREATE FUNCTION public.tenant_by_id(wanted uuid) RETURNS SETOF public.tenants_tenant
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
  AS 'SELECT t.* FROM public.tenants_tenant t WHERE t.id = wanted';
CREATE FUNCTION public.tenant_by_slug(wanted text) RETURNS SETOF public.tenants_tenant
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
  AS 'SELECT t.* FROM public.tenants_tenant t WHERE t.slug = wanted';
CREATE FUNCTION public.person_by_email(wanted text) RETURNS SETOF public.tenants_user
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
  AS 'SELECT u.* FROM public.tenants_user u WHERE u.email = wanted';
REVOKE ALL ON FUNCTION public.tenant_by_id(uuid), public.tenant_by_slug(text), public.person_by_email(text)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.tenant_by_id(uuid), public.tenant_by_slug(text), public.person_by_email(text)
  TO miosa_app, miosa_platform;
"""
FORGET = """
DROP FUNCTION public.person_by_email(text);
DROP FUNCTION public.tenant_by_slug(text);
DROP FUNCTION public.tenant_by_id(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_people_keys_and_requests")]

    operations = [
        create_tenant_entry(),
        migrations.RunSQL(POLICIES, OPEN),
        migrations.RunSQL(LOOK_UPS, FORGET),
    ]
