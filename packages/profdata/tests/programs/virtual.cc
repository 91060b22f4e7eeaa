// A C++ file without headers and library, for profiles of vtables.
struct Base {
  virtual int value(int x) { return x; }
};
struct Twice : Base {
  int value(int x) override { return 2 * x; }
};
struct Minus : Base {
  int value(int x) override { return x - 1; }
};
__attribute__((noinline)) int run(Base **bases, int rounds) {
  int sum = 0;
  for (int round = 0; round < rounds; round++) sum += bases[round * round % 3]->value(round);
  return sum;
}
int main(int argc, char **) {
  Base base;
  Twice twice;
  Minus minus;
  Base *bases[3] = {&base, &twice, &minus};
  return run(bases, 10 * argc) & 1;
}
