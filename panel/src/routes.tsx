/**
 * Every page of the panel: where it is, who sees it, and the file that is read when it is opened.
 * The daemon decides what is allowed; a page without its right is only not offered.
 */
import type { ComponentType } from 'react';
import type { IconName } from './ui/icons';

type Module = { default: ComponentType };

export interface PageRoute {
  path: string;
  right: string | null;
  load: () => Promise<Module>;
}

export interface NavEntry {
  /** Key of its name. */
  label: string;
  icon: IconName;
  to: string;
  /** Shown when he has one of them. */
  rights: readonly string[];
}

export interface TabEntry {
  label: string;
  to: string;
  rights: readonly string[];
}

/** The tabs of Federation and External Access, in the predecessor's order. */
export const federationTabs: readonly TabEntry[] = [
  { label: 'nav.partners', to: '/federation/partners', rights: ['partner.read'] },
  { label: 'nav.routes', to: '/federation/routes', rights: ['route.read', 'domain.read'] },
  { label: 'nav.gateway', to: '/federation/gateway', rights: ['gateway.read', 'access.read'] },
];

export const navigation: readonly NavEntry[] = [
  { label: 'nav.overview', icon: 'overview', to: '/', rights: ['status.read'] },
  { label: 'nav.federation', icon: 'federation', to: '/federation', rights: federationTabs.flatMap((t) => t.rights) },
  { label: 'nav.streams', icon: 'streams', to: '/streams', rights: ['stream.read'] },
  { label: 'nav.certificates', icon: 'certificate', to: '/certificates', rights: ['certificate.read'] },
  { label: 'nav.audit', icon: 'audit', to: '/audit', rights: ['audit.read'] },
  { label: 'nav.administrators', icon: 'people', to: '/administrators', rights: ['admin.read', 'role.read'] },
  { label: 'nav.tokens', icon: 'token', to: '/tokens', rights: ['token.read'] },
  { label: 'nav.directory', icon: 'directory', to: '/directory', rights: ['directory.read'] },
  { label: 'nav.history', icon: 'history', to: '/history', rights: ['generation.read'] },
];

/** Within the layout of the tabs. */
export const federationPages: readonly PageRoute[] = [
  { path: 'partners', right: 'partner.read', load: () => import('./pages/partners') },
  { path: 'routes', right: null, load: () => import('./pages/routes') },
  { path: 'gateway', right: null, load: () => import('./pages/gateway') },
];

export const pages: readonly PageRoute[] = [
  { path: 'federation/partners/new', right: 'partner.write', load: () => import('./pages/partners/New') },
  { path: 'federation/partners/:domain/edit', right: 'partner.read', load: () => import('./pages/partners/Edit') },
  { path: 'federation/partners/:domain', right: 'partner.read', load: () => import('./pages/partners/Show') },
  { path: 'federation/routes/new', right: 'route.write', load: () => import('./pages/routes/Route') },
  { path: 'federation/routes/:key', right: 'route.read', load: () => import('./pages/routes/Route') },
  { path: 'federation/domains/new', right: 'domain.write', load: () => import('./pages/routes/Domain') },
  { path: 'federation/domains/:key', right: 'domain.read', load: () => import('./pages/routes/Domain') },
  { path: 'streams', right: 'stream.read', load: () => import('./pages/streams') },
  { path: 'streams/:id', right: 'stream.read', load: () => import('./pages/streams/Show') },
  { path: 'certificates', right: 'certificate.read', load: () => import('./pages/certificates') },
  { path: 'audit', right: 'audit.read', load: () => import('./pages/audit') },
  { path: 'administrators', right: null, load: () => import('./pages/administrators') },
  { path: 'tokens', right: 'token.read', load: () => import('./pages/tokens') },
  { path: 'directory', right: 'directory.read', load: () => import('./pages/directory') },
  { path: 'history', right: 'generation.read', load: () => import('./pages/history') },
  { path: 'account', right: null, load: () => import('./pages/account') },
];

/** Where somebody begins: the first page that he may see. */
export function firstPage(has: (right: string) => boolean): string {
  const entry = navigation.find((e) => e.rights.some(has));
  if (!entry) return '/account';
  if (entry.to !== '/federation') return entry.to;
  return federationTabs.find((t) => t.rights.some(has))!.to;
}
