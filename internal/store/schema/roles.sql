-- Run after every migration, and safe to run again. It makes the group role
-- tocsin_app and gives it what the service needs and nothing more: entries of the
-- record, decisions and custody can be added and read, not changed.
--
-- For the strongest setting let one role own the tables and run migrations, and
-- let the service log in as another:
--     CREATE ROLE tocsin_service LOGIN PASSWORD '...' IN ROLE tocsin_app;
-- Where the migrating role may not create roles, nothing happens here, and an
-- administrator can run this file once.
DO $$
DECLARE
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(7405002); -- two that grant at once would fail
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tocsin_app') THEN
        CREATE ROLE tocsin_app NOLOGIN;
    END IF;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE format('REVOKE ALL ON TABLE %I FROM tocsin_app', name);
        EXECUTE format('GRANT SELECT ON TABLE %I TO tocsin_app', name);
        CONTINUE WHEN name = 'goose_db_version';
        EXECUTE format('GRANT INSERT ON TABLE %I TO tocsin_app', name);
        CONTINUE WHEN name IN ('record_entries', 'decisions', 'custody_entries', 'alert_raws',
            'commands', 'playbook_versions', 'evidence');
        EXECUTE format('GRANT UPDATE ON TABLE %I TO tocsin_app', name);
        CONTINUE WHEN name NOT IN ('outbox', 'protected', 'idempotency_keys', 'slack_nonces', 'slack_codes', 'approval_links', 'competence_notices');
        EXECUTE format('GRANT DELETE ON TABLE %I TO tocsin_app', name);
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation OR undefined_object THEN
        RAISE NOTICE 'role tocsin_app: %', SQLERRM;
END $$;
