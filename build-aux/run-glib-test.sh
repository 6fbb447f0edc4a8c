#!/bin/sh
# Run a glib test program so that it prints TAP.
exec "$@" --tap
