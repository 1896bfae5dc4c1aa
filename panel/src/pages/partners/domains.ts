/*
 * Lists of domains as people have them: in a mail, in a spreadsheet, from a shell. Comma, semicolon
 * and white space part them, and so do the commas of Chinese, Japanese and full-width keyboards.
 */
const SEPARATORS = /[\s,;\u3001\uff0c\uff1b\uff64\u060c]+/u;

export function splitDomains(text: string): string[] {
  return text.split(SEPARATORS).filter((s) => s !== '');
}

export function hasSeparator(text: string): boolean {
  return SEPARATORS.test(text);
}

/** Behind those that are there; what is there already, in whatever case, is not added again. */
export function addDomains(list: readonly string[], text: string): string[] {
  const seen = new Set(list.map((n) => n.toLowerCase()));
  const out = [...list];
  for (const name of splitDomains(text)) {
    if (seen.has(name.toLowerCase())) continue;
    seen.add(name.toLowerCase());
    out.push(name);
  }
  return out;
}

/** Is it below the other? "chat.example.org" is below "example.org". */
export function isBelow(domain: string, primary: string): boolean {
  const d = domain.trim().toLowerCase();
  const p = primary.trim().toLowerCase();
  return p !== '' && d.length > p.length && d.endsWith('.' + p);
}
