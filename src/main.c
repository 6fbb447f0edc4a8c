/* Global set-up, dispatch and exit code. */
int
main (void)
{
  return 1;
}
