import fc from 'fast-check';

/** Code points but surrogates. The unit `binary` has the same, and a table of all of them that takes longer than most tests. */
export const codePoint = fc
  .nat(0x10ffff - 0x800)
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
