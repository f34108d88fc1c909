#!/bin/sh
# Runs once, on an empty PostgreSQL, as its superuser: two roles, one database. `prumo` owns the tables and migrates;
# `prumo_app` serves requests, owns nothing and cannot bypass row-level security.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set owner_password="$PRUMO_OWNER_PASSWORD" --set app_password="$PRUMO_APP_PASSWORD" <<'SQL'
CREATE ROLE prumo LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE prumo_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app_password';
GRANT prumo_app TO prumo WITH ADMIN OPTION;
CREATE DATABASE prumo OWNER prumo;
REVOKE ALL ON DATABASE prumo FROM PUBLIC;
GRANT CONNECT ON DATABASE prumo TO prumo_app;
\connect prumo
CREATE EXTENSION IF NOT EXISTS vector;
SQL
