/* A C file without headers, for objects of any target. */
static int odd(int x) { return x & 1; }
int half(int x) { return odd(x) ? 3 * x + 1 : x / 2; }
int steps(int x) {
  int n = 0;
  while (x > 1) {
    x = half(x);
    n++;
  }
  return n;
}
