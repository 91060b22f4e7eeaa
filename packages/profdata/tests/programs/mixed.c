/* A C program for profiles: loops, a jump table, copies of varying size, static functions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int one(int x) { return x + 1; }
static int two(int x) { return x & 1 ? x * 3 : x / 2; }
static int many(int x) { int s = 0; while (x > 0) { s += x % 3; x /= 2; } return s; }
int unused(int x) { return x ? unused(x - 1) : 0; }
int main(int argc, char **argv) {
  int (*table[3])(int) = {one, two, many};
  int rounds = argc > 1 ? atoi(argv[1]) : 10;
  char from[300], to[300];
  long sum = 0;
  memset(from, 7, sizeof from);
  for (int i = 0; i < rounds; i++) {
    sum += table[(i * i) % 3](i);
    memcpy(to, from, (i * 31) % 300);
    sum += to[i % 5] == 7;
    switch (i % 6) { case 0: sum += 2; break; case 3: sum -= 1; break; default: sum ^= 1; }
  }
  printf("%ld\n", sum);
  return 0;
}
