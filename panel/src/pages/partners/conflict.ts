/*
 * Somebody else changed the same partner: base is what the form began with, mine what stands in it,
 * theirs what is in force now. What only one side changed needs no question.
 */
import { addDomains } from './domains';
import { FIELDS, sameField, type Draft, type Field } from './model';

export interface Difference {
  field: Field;
  base: Draft;
  mine: Draft;
  theirs: Draft;
}

export interface Merge {
  /** Mine with what only they changed; what both changed stands as mine until asked. */
  merged: Draft;
  /** Only they changed it: taken. */
  taken: Field[];
  /** Both changed it, to different values. */
  asked: Field[];
}

function copy<F extends Field>(field: F, from: Draft, to: Draft): void {
  to[field] = from[field];
}

export function merge(base: Draft, mine: Draft, theirs: Draft): Merge {
  const merged: Draft = { ...mine };
  const taken: Field[] = [];
  const asked: Field[] = [];
  for (const field of FIELDS) {
    if (field === 'domain' || sameField(field, base, theirs)) continue;
    if (sameField(field, base, mine)) {
      copy(field, theirs, merged);
      taken.push(field);
    } else if (!sameField(field, mine, theirs)) {
      asked.push(field);
    }
  }
  return { merged, taken, asked };
}

export type Choice = 'mine' | 'theirs' | 'both';
export type Choices = Partial<Record<Field, Choice>>;

/** Lists can be put together: what either side added is in, what either side removed is out. */
export function bothLists(base: Draft, mine: Draft, theirs: Draft): string[] {
  const lower = (names: string[]) => new Set(names.map((n) => n.toLowerCase()));
  const [b, m, t] = [base, mine, theirs].map((d) => lower(d.additional_domains));
  const all = addDomains(mine.additional_domains, theirs.additional_domains.join(','));
  return all.filter((n) => {
    const name = n.toLowerCase();
    return b!.has(name) ? m!.has(name) && t!.has(name) : true;
  });
}

export function answered(asked: readonly Field[], choices: Choices): boolean {
  return asked.every((f) => choices[f] !== undefined);
}

/** The draft that goes on: merged, with each question answered. */
export function resolve(base: Draft, mine: Draft, theirs: Draft, choices: Choices): Draft {
  const { merged, asked } = merge(base, mine, theirs);
  for (const field of asked) {
    if (choices[field] === 'theirs') copy(field, theirs, merged);
    if (choices[field] === 'both' && field === 'additional_domains')
      merged.additional_domains = bothLists(base, mine, theirs);
  }
  return merged;
}
