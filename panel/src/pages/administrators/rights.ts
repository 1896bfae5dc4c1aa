/** Rights in groups, as check boxes: "partner.read" and "partner.write" are of the group "partner". Pure. */
export interface RightInfo {
  name: string;
  help: string;
}

export interface Group {
  name: string;
  rights: RightInfo[];
}

export function groupsOf(rights: readonly RightInfo[]): Group[] {
  const groups = new Map<string, RightInfo[]>();
  for (const r of rights) {
    const name = r.name.slice(0, r.name.indexOf('.'));
    groups.set(name, [...(groups.get(name) ?? []), r]);
  }
  return [...groups].map(([name, list]) => ({ name, rights: list }));
}

/** Who may change something may want to see it as well. */
export function withReading(chosen: ReadonlySet<string>, added: string, all: readonly RightInfo[]): Set<string> {
  const next = new Set(chosen).add(added);
  const read = added.replace(/\.[^.]*$/, '.read');
  if (all.some((r) => r.name === read)) next.add(read);
  return next;
}

export const sameSet = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((x) => b.includes(x));
