-- The role of an API in read mode: SELECT on everything, and nothing else.
--
-- Roles belong to the whole server and several databases share it, so it may be there already. A database user who
-- may not create roles gets a notice; the API then says at its start what is missing.

DO $$ BEGIN
    CREATE ROLE plugwatch_read NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'this user may not create roles: have the role plugwatch_read made, then run as its owner: %',
            'GRANT plugwatch_read TO <database user>; GRANT SELECT ON ALL TABLES IN SCHEMA <schema> TO plugwatch_read';
END $$;

DO $$ BEGIN
    IF to_regrole('plugwatch_read') IS NULL THEN RETURN; END IF;
    IF NOT has_schema_privilege('plugwatch_read', current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO plugwatch_read', current_schema());
    END IF;
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO plugwatch_read', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO plugwatch_read', current_schema());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the role plugwatch_read could not be given what it reads: %', SQLERRM;
END $$;

DO $$ BEGIN
    IF to_regrole('plugwatch_read') IS NULL THEN RETURN; END IF;
    IF NOT pg_has_role('plugwatch_read', 'MEMBER') THEN
        GRANT plugwatch_read TO CURRENT_USER;
    ELSIF current_setting('server_version_num')::int >= 160000 THEN
        IF NOT pg_has_role('plugwatch_read', 'SET') THEN GRANT plugwatch_read TO CURRENT_USER; END IF;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'this user could not be made a member of plugwatch_read: %', SQLERRM;
END $$;
