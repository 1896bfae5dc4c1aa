import { expect, it } from 'vitest';
import { pseudoOf } from './pseudo';

it('lengthens and accents, and leaves values and marks alone', () => {
  expect(pseudoOf({ a: { b: 'Save {{name}} <b>now</b>' } })).toEqual({ a: { b: `[Šàvé {{name}} <b>ñöw</b>~~~~~~~~ ~~]` } });
});
