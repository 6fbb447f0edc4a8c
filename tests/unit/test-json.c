/* JSON in and out, and the names of places in a document (src/base/json.c). */
#include "base/error.h"
#include "base/json.h"

#include <string.h>

static RuncJson *
parse (const char *text, GError **error)
{
  return runc_json_parse (text, strlen (text), "t.json", error);
}

static void
assert_refused (const char *text, gsize len, const char *message)
{
  g_autoptr (GError) error = NULL;
  autojson RuncJson *json = runc_json_parse (text, len, "t.json", &error);

  g_assert_null (json);
  g_assert_error (error, RUNC_ERROR, RUNC_ERROR_INVALID_SPEC);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_valid (void)
{
  static const struct
  {
    const char *text;
    const char *compact;
  } cases[] = {
    { "{}", "{}" },
    { " [ ] ", "[]" },
    { "\t{\"a\" : [1, -2, 0, -0] }\r\n", "{\"a\":[1,-2,0,0]}" },
    { "[true,false,null]", "[true,false,null]" },
    { "[\"/a/b\"]", "[\"/a/b\"]" },
    { "[1.5, 1e3, -2.50E-1]", "[1.5,1e3,-2.50E-1]" },
    { "7", "7" },
    { "\"x\"", "\"x\"" },
    /* numbers: the whole range of both 64 bit types, exactly */
    { "[18446744073709551615]", "[18446744073709551615]" },
    { "[9223372036854775807]", "[9223372036854775807]" },
    { "[9223372036854775808]", "[9223372036854775808]" },
    { "[-9223372036854775808]", "[-9223372036854775808]" },
    /* ... and the text of what is outside */
    { "[18446744073709551616]", "[18446744073709551616]" },
    { "[-9223372036854775809]", "[-9223372036854775809]" },
    { "[123456789012345678901234567890]", "[123456789012345678901234567890]" },
    { "[1E400]", "[1E400]" },
    /* strings */
    { "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\"\\\\/\\b\\f\\n\\r\\t\"]" },
    { "[\"\\u0041\\u00e9\\u20AC\"]", "[\"A\303\251\342\202\254\"]" },
    { "[\"\\ud83d\\ude00\"]", "[\"\360\237\230\200\"]" },
    { "[\"\303\251\"]", "[\"\303\251\"]" },
    /* half a surrogate pair means nothing; what follows is still read */
    { "[\"\\ud800\"]", "[\"\357\277\275\"]" },
    { "[\"\\ud800\\u0041\"]", "[\"\357\277\275A\"]" },
    { "[\"\\ude00x\"]", "[\"\357\277\275x\"]" },
    /* the last of two equal keys wins */
    { "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
    { "{\"\":1}", "{\"\":1}" },
    { "{\"\\u0061\":1}", "{\"a\":1}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      autojson RuncJson *json = parse (cases[i].text, &error);
      g_assert_no_error (error);
      g_autofree char *compact = runc_json_to_string (json);
      g_assert_cmpstr (compact, ==, cases[i].compact);
    }
}

static void
test_long_key (void)
{
  g_autofree char *key = g_strnfill (5000, 'k');
  g_autofree char *text = g_strdup_printf ("{\"%s\":\"v\"}", key);
  g_autoptr (GError) error = NULL;
  autojson RuncJson *json = parse (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string (json_object_object_get (json, key)), ==, "v");
}

static void
test_syntax (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "t.json:1:1: unexpected end of file" },
    { " \n ", "t.json:2:2: unexpected end of file" },
    { "null", "t.json:1:1: the document is null" },
    { "{", "t.json:1:2: unexpected end of file" },
    { "{\n  \"a\": 1,\n", "t.json:3:1: unexpected end of file" },
    { "{\"a\"", "t.json:1:5: unexpected end of file" },
    { "[1", "t.json:1:3: unexpected end of file" },
    { "[\"abc", "t.json:1:2: unexpected end of file in the string that starts here" },
    { "[\"abc\\", "t.json:1:7: unexpected end of file" },
    { "[\"abc\\u12", "t.json:1:10: unexpected end of file" },
    { "[tru", "t.json:1:5: unexpected end of file" },
    { "[nul]", "t.json:1:5: unexpected ']', expected 'null'" },
    { "[True]", "t.json:1:2: unexpected 'T', expected a value" },
    { "{\"a\":1} x", "t.json:1:9: unexpected 'x', expected the end of the file" },
    { "{}{}", "t.json:1:3: unexpected '{', expected the end of the file" },
    { "{\"a\":1,}", "t.json:1:8: unexpected '}', expected a name in double quotes" },
    { "[1,]", "t.json:1:4: unexpected ']', expected a value" },
    { "[1 2]", "t.json:1:4: unexpected '2', expected ',' or ']'" },
    { "{\"a\":1 \"b\":2}", "t.json:1:8: unexpected '\"', expected ',' or '}'" },
    { "{\"a\" 1}", "t.json:1:6: unexpected '1', expected ':'" },
    { "{a:1}", "t.json:1:2: unexpected 'a', expected a name in double quotes" },
    { "{'a':1}",
      "t.json:1:2: unexpected ', expected a name in double quotes (strings take double quotes)" },
    { "[/*x*/1]", "t.json:1:2: unexpected '/', expected a value (JSON has no comments)" },
    { "{} // x",
      "t.json:1:4: unexpected '/', expected the end of the file (JSON has no comments)" },
    { "[\303\251]", "t.json:1:2: unexpected '\303\251', expected a value" },
    { "[\"\303\251\303\251\" x]", "t.json:1:7: unexpected 'x', expected ',' or ']'" },
    { "[\001]", "t.json:1:2: unexpected byte 0x01, expected a value" },
    { "\357\273\277{}", "t.json:1:1: unexpected '\357\273\277', expected a value" },
    { "[\"a\nb\"]", "t.json:1:4: control character 0x0a in a string (write it as an escape)" },
    { "[\"a\\\tb\"]",
      "t.json:1:5: unexpected byte 0x09, expected one of \"\\/bfnrtu after a backslash" },
    { "[\"\\q\"]", "t.json:1:4: unexpected 'q', expected one of \"\\/bfnrtu after a backslash" },
    { "[\"\\u12g4\"]", "t.json:1:7: unexpected 'g', expected four hexadecimal digits after \\u" },
    { "[\"\\ud800\\u\"]",
      "t.json:1:11: unexpected '\"', expected four hexadecimal digits after \\u" },
    { "[\"a\\u0000b\"]", "t.json:1:4: \\u0000 (a NUL byte) is not allowed in a string" },
    { "{\"a\\u0000b\":1}", "t.json:1:4: \\u0000 (a NUL byte) is not allowed in a string" },
    /* numbers */
    { "[01]", "t.json:1:2: a number must not start with a zero (octal is not JSON)" },
    { "[-01]", "t.json:1:2: a number must not start with a zero (octal is not JSON)" },
    { "[-]", "t.json:1:3: unexpected ']', expected a digit" },
    { "[--1]", "t.json:1:3: unexpected '-', expected a digit" },
    { "[+1]", "t.json:1:2: unexpected '+', expected a value" },
    { "[1.]", "t.json:1:4: unexpected ']', expected a digit" },
    { "[.5]", "t.json:1:2: unexpected '.', expected a value" },
    { "[1e]", "t.json:1:4: unexpected ']', expected a digit" },
    { "[1e+]", "t.json:1:5: unexpected ']', expected a digit" },
    { "[0x10]", "t.json:1:3: unexpected 'x', expected ',' or ']'" },
    { "[1-2]", "t.json:1:3: unexpected '-', expected ',' or ']'" },
    { "[NaN]", "t.json:1:2: unexpected 'N', expected a value" },
    { "[-Infinity]", "t.json:1:3: unexpected 'I', expected a digit" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused (cases[i].text, strlen (cases[i].text), cases[i].message);
}

static void
test_bytes (void)
{
  assert_refused ("{\"a\":\n \"x\0y\"}", 13, "t.json:2:4: NUL byte in the text");
  assert_refused ("{}\0", 3, "t.json:1:3: NUL byte in the text");
  assert_refused ("[\"a\xff\"]", 6, "t.json:1:4: invalid UTF-8");
  /* overlong, a surrogate, beyond U+10FFFF, cut off */
  assert_refused ("[\"\xc0\xaf\"]", 6, "t.json:1:3: invalid UTF-8");
  assert_refused ("[\"\xed\xa0\x80\"]", 7, "t.json:1:3: invalid UTF-8");
  assert_refused ("[\"\xf4\x90\x80\x80\"]", 8, "t.json:1:3: invalid UTF-8");
  assert_refused ("[\"\xe2\x82", 4, "t.json:1:3: invalid UTF-8");
  /* the length counts, not a NUL behind it */
  assert_refused ("{}", 1, "t.json:1:2: unexpected end of file");
}

static char *
nested (gsize depth)
{
  g_autofree char *open = g_strnfill (depth, '[');
  g_autofree char *close = g_strnfill (depth, ']');

  return g_strconcat (open, close, NULL);
}

static void
test_depth (void)
{
  g_autofree char *deep = nested (128);
  g_autofree char *too_deep = nested (129);
  g_autofree char *endless = g_strnfill (5000000, '[');
  g_autoptr (GString) objects = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  autojson RuncJson *json = parse (deep, &error);

  g_assert_no_error (error);
  g_assert_nonnull (json);
  assert_refused (too_deep, strlen (too_deep), "t.json:1:129: nested deeper than 128 levels");
  assert_refused (endless, strlen (endless), "t.json:1:129: nested deeper than 128 levels");
  for (int i = 0; i < 100000; i++)
    g_string_append (objects, "{\"a\":");
  assert_refused (objects->str, objects->len, "t.json:1:641: nested deeper than 128 levels");
}

/* Documents of 10 MB are read, and their size does not make them slow. */
static void
test_large (void)
{
  g_autoptr (GString) text = g_string_new ("[");
  g_autoptr (GError) error = NULL;

  while (text->len < 5000000)
    g_string_append (text, "{\"key\": \"value\"},");
  g_string_append_c (text, '"');
  while (text->len < 10000000)
    g_string_append (text, "0123456789");
  g_string_append (text, "\"]");
  autojson RuncJson *json = runc_json_parse (text->str, text->len, "t.json", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_object_array_length (json), >, 290000);
}

static void
test_path (void)
{
  RuncJsonPath mounts = { .key = "mounts" };
  RuncJsonPath mount = { .parent = &mounts, .index = 3 };
  RuncJsonPath options = { .parent = &mount, .key = "options" };
  RuncJsonPath option = { .parent = &options, .index = 0 };
  RuncJsonPath annotations = { .key = "annotations" };
  RuncJsonPath odd = { .parent = &annotations, .key = "org.\"x\"\n\\" };
  RuncJsonPath empty = { .parent = &annotations, .key = "" };
  RuncJsonPath root = { .key = NULL };
  RuncJsonPath element = { .parent = &root, .index = 7 };
  const struct
  {
    const RuncJsonPath *path;
    const char *string;
  } cases[] = {
    { NULL, "." },
    { &root, "." },
    { &mounts, "mounts" },
    { &mount, "mounts[3]" },
    { &option, "mounts[3].options[0]" },
    { &odd, "annotations[\"org.\\\"x\\\"\\u000a\\\\\"]" },
    { &empty, "annotations[\"\"]" },
    { &element, "[7]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *string = runc_json_path_to_string (cases[i].path);
      g_assert_cmpstr (string, ==, cases[i].string);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/valid", test_valid);
  g_test_add_func ("/json/long-key", test_long_key);
  g_test_add_func ("/json/syntax", test_syntax);
  g_test_add_func ("/json/bytes", test_bytes);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/large", test_large);
  g_test_add_func ("/json/path", test_path);
  return g_test_run ();
}
