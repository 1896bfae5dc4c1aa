import i18next from 'i18next';

/** A built-in role in the reader's language; one of somebody's own making as it is called. */
export function roleName(name: string): string {
  const key = `role.${name.replaceAll('-', '_')}`;
  return i18next.exists(key) ? i18next.t(key) : name;
}

/** What a built-in role is for. */
export function roleText(name: string, title: string): string {
  const key = `roleText.${name.replaceAll('-', '_')}`;
  return i18next.exists(key) ? i18next.t(key) : title;
}
