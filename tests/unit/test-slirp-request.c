/* The slirp helper's API and options: requests, the table of forwards, -p, --cidr, resolv.conf. */
#include "slirp-keeper.h"
#include "slirp-options.h"
#include "slirp-request.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- a backend without sockets */

static int open_errno;

static gboolean
fake_open (const RuncSlirpForward *forward G_GNUC_UNUSED, gpointer data)
{
  errno = open_errno;
  *(int *)data += open_errno == 0;
  return open_errno == 0;
}

static gboolean
fake_close (const RuncSlirpForward *forward G_GNUC_UNUSED, gpointer data)
{
  return (*(int *)data)-- > 0;
}

static RuncSlirpForwards *
make_table (int *n_open)
{
  RuncSlirpForwardBackend backend = { .open = fake_open, .close = fake_close, .data = n_open };

  open_errno = 0;
  inet_pton (AF_INET, "10.0.2.100", &backend.guest);
  return runc_slirp_forwards_new (&backend);
}

static char *
ask (RuncSlirpForwards *table, const char *text)
{
  g_autoptr (GError) error = NULL;
  RuncSlirpRequest request;

  if (!runc_slirp_request_parse (text, strlen (text), &request, &error))
    return runc_slirp_request_error (error->message);
  return runc_slirp_request_execute (&request, table);
}

static void
assert_answer (RuncSlirpForwards *table, const char *text, const char *expected)
{
  g_autofree char *answer = ask (table, text);

  g_assert_cmpstr (answer, ==, expected);
}

/* ---------------------------------------------------------------- tests */

static void
test_conversation (void)
{
  int n_open = 0;
  g_autoptr (RuncSlirpForwards) table = make_table (&n_open);

  assert_answer (
      table,
      "{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"tcp\", \"host_port\": "
      "8080, \"guest_port\": 80}}",
      "{\"return\":{\"id\":1}}");
  assert_answer (table,
                 "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"udp\",\"host_addr\":"
                 "\"127.0.0.1\",\"host_port\":53,\"guest_addr\":\"10.0.2.15\",\"guest_port\":54}}",
                 "{\"return\":{\"id\":2}}");
  g_assert_cmpint (n_open, ==, 2);
  assert_answer (table, "{\"execute\": \"list_hostfwd\"}",
                 "{\"return\":{\"entries\":["
                 "{\"id\":1,\"proto\":\"tcp\",\"host_addr\":\"0.0.0.0\",\"host_port\":8080,"
                 "\"guest_addr\":\"10.0.2.100\",\"guest_port\":80},"
                 "{\"id\":2,\"proto\":\"udp\",\"host_addr\":\"127.0.0.1\",\"host_port\":53,"
                 "\"guest_addr\":\"10.0.2.15\",\"guest_port\":54}]},"
                 "\"entries\":["
                 "{\"id\":1,\"proto\":\"tcp\",\"host_addr\":\"0.0.0.0\",\"host_port\":8080,"
                 "\"guest_addr\":\"10.0.2.100\",\"guest_port\":80},"
                 "{\"id\":2,\"proto\":\"udp\",\"host_addr\":\"127.0.0.1\",\"host_port\":53,"
                 "\"guest_addr\":\"10.0.2.15\",\"guest_port\":54}]}");
  assert_answer (table, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":1}}",
                 "{\"return\":{}}");
  g_assert_cmpint (n_open, ==, 1);
  assert_answer (table, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":1}}",
                 "{\"error\":{\"desc\":\"bad request: remove_hostfwd: there is no forward 1\"}}");
}

static void
test_bad_requests (void)
{
  static const struct
  {
    const char *text, *reason;
  } cases[] = {
    { "", "cannot parse JSON" },
    { "{", "cannot parse JSON" },
    { "{} x", "cannot parse JSON" },
    { "[]", "no execute found" },
    { "7", "no execute found" },
    { "{}", "no execute found" },
    { "{\"execute\":1}", "no execute found" },
    { "{\"execute\":\"x\"}", "unknown execute" },
    { "{\"execute\":\"add_hostfwd\"}", "add_hostfwd: bad arguments.proto" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":[]}", "add_hostfwd: bad arguments.proto" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_port\":\"80\","
      "\"guest_port\":80}}",
      "add_hostfwd: bad arguments.host_port" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_port\":65536,"
      "\"guest_port\":80}}",
      "add_hostfwd: bad arguments.host_port" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_port\":80,"
      "\"guest_port\":-1}}",
      "add_hostfwd: bad arguments.guest_port" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_port\":80,"
      "\"guest_port\":1,\"host_addr\":\"localhost\"}}",
      "add_hostfwd: bad arguments.host_addr" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_port\":80,"
      "\"guest_port\":1,\"guest_addr\":\"10.0.2\"}}",
      "add_hostfwd: bad arguments.guest_addr" },
    { "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_port\":80,"
      "\"guest_port\":1,\"guest_addr\":\"::1\"}}",
      "add_hostfwd: cannot publish 0.0.0.0:80 -> 1/tcp: the addresses of host and container are of "
      "different families" },
    { "{\"execute\":\"remove_hostfwd\"}", "remove_hostfwd: bad arguments.id" },
    { "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":18446744073709551615}}",
      "remove_hostfwd: bad arguments.id" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int n_open = 0;
      g_autoptr (RuncSlirpForwards) table = make_table (&n_open);
      g_autofree char *expected
          = g_strdup_printf ("{\"error\":{\"desc\":\"bad request: %s\"}}", cases[i].reason);
      assert_answer (table, cases[i].text, expected);
      g_assert_cmpint (n_open, ==, 0);
    }
}

static void
test_scan (void)
{
  static const char *const complete[] = { "{}", " {\"a\":{}}", "x", "]", "7", "{\"}\":[]}", "{}{" };
  static const char *const partial[] = { "", " \n", "{", "{\"}", "{\"\\\"}", "[{}", "{\"a\":{}" };

  for (gsize i = 0; i < G_N_ELEMENTS (complete); i++)
    g_assert_cmpint (runc_slirp_request_scan (complete[i], strlen (complete[i])), ==,
                     RUNC_SLIRP_REQUEST_COMPLETE);
  for (gsize i = 0; i < G_N_ELEMENTS (partial); i++)
    g_assert_cmpint (runc_slirp_request_scan (partial[i], strlen (partial[i])), ==,
                     RUNC_SLIRP_REQUEST_PARTIAL);
}

static void
test_reasons (void)
{
  static const struct
  {
    int errnum;
    const char *forward, *message;
  } cases[] = {
    { EADDRINUSE, "8080:80",
      "cannot publish 0.0.0.0:8080 -> 80/tcp: Address already in use ('ss -tlnp sport = :8080' "
      "shows "
      "who has it)" },
    { EADDRNOTAVAIL, "192.0.2.1:8080:80/udp",
      "cannot publish 192.0.2.1:8080 -> 80/udp: Cannot assign requested address (no interface of "
      "this host has that address)" },
    { 0, "[::1]:8080:80",
      "cannot publish [::1]:8080 -> 80/tcp: the container has no IPv6 (--ipv6 gives it)" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int n_open = 0;
      g_autoptr (RuncSlirpForwards) table = make_table (&n_open);
      g_autoptr (GError) error = NULL;
      RuncSlirpForward forward;
      g_assert_true (runc_slirp_forward_parse (cases[i].forward, &forward, NULL));
      open_errno = cases[i].errnum;
      g_assert_false (runc_slirp_forwards_add (table, &forward, NULL, &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
      g_assert_cmpuint (runc_slirp_forwards_count (table), ==, 0);
    }
}

static void
test_notation (void)
{
  static const struct
  {
    const char *text, *said;
  } good[] = {
    { "8080:80", "0.0.0.0:8080 -> 80/tcp" },
    { "8080:80/tcp", "0.0.0.0:8080 -> 80/tcp" },
    { "53:5353/udp", "0.0.0.0:53 -> 5353/udp" },
    { "127.0.0.1:65535:1", "127.0.0.1:65535 -> 1/tcp" },
    { "[::1]:8080:80/udp", "[::1]:8080 -> 80/udp" },
    { "[::]:8080:80", "[::]:8080 -> 80/tcp" },
  };
  static const char *const bad[] = { "",
                                     "80",
                                     ":80",
                                     "80:",
                                     "80:80:",
                                     "0:80",
                                     "80:0",
                                     "80:65536",
                                     "-1:80",
                                     " 80:80",
                                     "80:80/",
                                     "80:80/sctp",
                                     "80:80/tcp/",
                                     "a:80:80",
                                     "::1:80:80",
                                     "[::1:80:80",
                                     "[]:80:80",
                                     "127.0.0.1:80",
                                     "[1.2.3.4]:80:80",
                                     "1.2.3:80:80",
                                     "80-81:80-81",
                                     "+80:80",
                                     "80:80/TCP",
                                     "[::1]80:80" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      RuncSlirpForward forward;
      g_assert_true (runc_slirp_forward_parse (good[i].text, &forward, NULL));
      g_autofree char *said = runc_slirp_forward_to_string (&forward);
      g_assert_cmpstr (said, ==, good[i].said);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      RuncSlirpForward forward;
      if (runc_slirp_forward_parse (bad[i], &forward, &error))
        g_test_fail_printf ("'%s' was taken", bad[i]);
      g_assert_error (error, RUNC_ERROR, RUNC_ERROR_USAGE);
    }
}

static void
test_cidr (void)
{
  RuncSlirpNet net = { 0 };
  static const char *const bad[]
      = { "10.0.2.0", "10.0.2.0/", "10.0.2.0/26",  "10.0.2.0/0", "10.0.2.1/24",
          "10.0/16",  "x/24",      "10.0.2.0/24 ", "/24",        "10.0.2.0/-1" };

  g_assert_true (runc_slirp_net_set_cidr (&net, "192.168.128.0/17", NULL));
  g_assert_cmpstr (inet_ntoa (net.gateway), ==, "192.168.128.2");
  g_assert_cmpstr (inet_ntoa (net.nameserver), ==, "192.168.128.3");
  g_assert_cmpstr (inet_ntoa (net.guest), ==, "192.168.128.100");
  g_assert_cmpstr (inet_ntoa (net.netmask), ==, "255.255.128.0");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (runc_slirp_net_set_cidr (&net, bad[i], NULL));
}

static void
test_resolv (void)
{
  static const struct
  {
    const char *text, *filtered;
  } cases[] = {
    { "", "nameserver 127.0.0.1\nnameserver ::1\n" },
    { "# nameserver 10.0.0.1\nsearch example.com\n", "nameserver 127.0.0.1\nnameserver ::1\n" },
    { "nameserver 10.0.0.1", "nameserver 10.0.0.1\n" },
    { "search x\nnameserver\t10.0.0.1  # c\noptions a\nnameserver 2001:db8::1\n",
      "nameserver 10.0.0.1\nnameserver 2001:db8::1\n" },
    { "nameserver fe80::1%eth0\n", "nameserver fe80::1%eth0\n" },
    { "nameserver 1.1\nnameserver dns.example\nnameserver 10.0.0.9\n", "nameserver 10.0.0.9\n" },
    { "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4\n",
      "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *filtered = runc_slirp_resolv_filter (cases[i].text);
      g_assert_cmpstr (filtered, ==, cases[i].filtered);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slirp/request/conversation", test_conversation);
  g_test_add_func ("/slirp/request/bad", test_bad_requests);
  g_test_add_func ("/slirp/request/scan", test_scan);
  g_test_add_func ("/slirp/forward/reasons", test_reasons);
  g_test_add_func ("/slirp/forward/notation", test_notation);
  g_test_add_func ("/slirp/options/cidr", test_cidr);
  g_test_add_func ("/slirp/resolv", test_resolv);
  return g_test_run ();
}
