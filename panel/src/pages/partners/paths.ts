/** Where the pages of partners are. */
export const listPath = '/federation/partners';
export const newPath = `${listPath}/new`;
export const showPath = (domain: string) => `${listPath}/${encodeURIComponent(domain)}`;
export const editPath = (domain: string) => `${showPath(domain)}/edit`;
