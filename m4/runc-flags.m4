# RUNC_CC_FLAG(VARIABLE, FLAG)
# Append FLAG to VARIABLE if the compiler takes it without a word (-Werror makes clang and gcc refuse
# what they would merely warn about).
AC_DEFUN([RUNC_CC_FLAG],
[AS_VAR_PUSHDEF([runc_cache], [runc_cv_cc_flag_$2])dnl
AC_CACHE_CHECK([whether $CC takes $2], [runc_cache],
  [runc_save_CFLAGS=$CFLAGS
   CFLAGS="$CFLAGS -Werror $2"
   AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <features.h>]], [[]])],
     [AS_VAR_SET([runc_cache], [yes])], [AS_VAR_SET([runc_cache], [no])])
   CFLAGS=$runc_save_CFLAGS])
AS_VAR_IF([runc_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([runc_cache])])

# RUNC_LD_FLAG(VARIABLE, FLAG)
# Append FLAG to VARIABLE if a program links with it.
AC_DEFUN([RUNC_LD_FLAG],
[AS_VAR_PUSHDEF([runc_cache], [runc_cv_ld_flag_$2])dnl
AC_CACHE_CHECK([whether the linker takes $2], [runc_cache],
  [runc_save_LDFLAGS=$LDFLAGS
   runc_save_CFLAGS=$CFLAGS
   CFLAGS="$CFLAGS -Werror -fPIE"
   LDFLAGS="$LDFLAGS $2"
   AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
     [AS_VAR_SET([runc_cache], [yes])], [AS_VAR_SET([runc_cache], [no])])
   CFLAGS=$runc_save_CFLAGS
   LDFLAGS=$runc_save_LDFLAGS])
AS_VAR_IF([runc_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([runc_cache])])

# RUNC_TRY_STATIC(FLAG, IF-WORKS)
# Whether a program that uses all of runc's libraries links with FLAG (-static-pie or -static) and the
# libraries in $STATIC_LIBS.
AC_DEFUN([RUNC_TRY_STATIC],
[AC_MSG_CHECKING([whether $1 links with glib, json-c, libcap and libseccomp])
runc_save_CFLAGS=$CFLAGS
runc_save_LIBS=$LIBS
runc_save_LDFLAGS=$LDFLAGS
CFLAGS="$CFLAGS $GLIB_CFLAGS $JSONC_CFLAGS $LIBCAP_CFLAGS $SECCOMP_CFLAGS"
AS_IF([test "$1" = -static-pie], [CFLAGS="$CFLAGS -fPIE"], [CFLAGS="$CFLAGS -fno-pie"])
LDFLAGS="$LDFLAGS $1"
LIBS="$STATIC_LIBS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[
    #include <glib.h>
    #include <json-c/json.h>
    #include <sys/capability.h>
    #ifdef HAVE_SECCOMP
    #include <seccomp.h>
    #endif
  ]], [[
    g_autofree char *text = g_strdup_printf ("%d", 1);
    json_object_put (json_tokener_parse (text));
    cap_free (cap_get_proc ());
    #ifdef HAVE_SECCOMP
    seccomp_release (seccomp_init (SCMP_ACT_ALLOW));
    #endif
  ]])],
  [AC_MSG_RESULT([yes])
   $2],
  [AC_MSG_RESULT([no])])
CFLAGS=$runc_save_CFLAGS
LIBS=$runc_save_LIBS
LDFLAGS=$runc_save_LDFLAGS])
