/** Puts a language's parts together: what two of them have under the same word is one. */
type Tree = { [key: string]: string | Tree };

export function merge(...parts: Tree[]): Tree {
  const out: Tree = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      const there = out[key];
      out[key] = typeof value === 'object' && typeof there === 'object' ? merge(there, value) : value;
    }
  }
  return out;
}
