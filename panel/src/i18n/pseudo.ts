/** Makes the pseudo-locale of English text: [Ŝàvé çĥàñĝéš~~~]. {{names}} and <tags> stay. */
type Tree = { [key: string]: string | Tree };

const plain = 'aeiouyAEIOUYcCnNsSgGhHzZ';
const accented = 'àéîöûýÀÉÎÖÛÝçÇñÑšŠĝĜĥĤžŽ';

/** As long, in words of at most eight letters. */
const longer = (n: number) => '~'.repeat(n).replace(/(~{8})(?=~)/g, '$1 ');

function one(text: string): string {
  const parts = text.split(/(\{\{[^}]*\}\}|<[^>]*>)/);
  const marked = parts.map((part, i) => (i % 2 ? part
    : [...part].map((c) => (plain.includes(c) ? accented[plain.indexOf(c)] : c)).join('')));
  return `[${marked.join('')}${longer(Math.ceil(text.length * 0.4))}]`;
}

export function pseudoOf(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) =>
    [key, typeof value === 'string' ? one(value) : pseudoOf(value)]));
}
