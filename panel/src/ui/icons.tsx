/** The panel's icons, drawn here: text beside them says what they mean, so they are hidden from readers. */
import type { SVGProps } from 'react';

const paths = {
  ok: 'M10 2a8 8 0 100 16 8 8 0 000-16zM6 10.5l2.7 2.7L14 7.6',
  warn: 'M10 3l8 14H2L10 3zM10 8v4.5M10 14.6v.4',
  bad: 'M10 2a8 8 0 100 16 8 8 0 000-16zM7 7l6 6M13 7l-6 6',
  off: 'M10 2a8 8 0 100 16 8 8 0 000-16zM4.5 15.5l11-11',
  idle: 'M10 2a8 8 0 100 16 8 8 0 000-16zM7 10h6',
  unknown: 'M10 2a8 8 0 100 16 8 8 0 000-16zM7.7 8a2.3 2.3 0 113.4 2c-.8.5-1.1.9-1.1 2M10 14.4v.4',
  info: 'M10 2a8 8 0 100 16 8 8 0 000-16zM10 9v5M10 6v.4',
  add: 'M10 4v12M4 10h12',
  edit: 'M13 3.5l3.5 3.5L7 16.5 3 17l.5-4L13 3.5z',
  remove: 'M4 6h12M8 6V4h4v2M6 6l.7 11h6.6L14 6',
  search: 'M9 3a6 6 0 100 12A6 6 0 009 3zM13.5 13.5L17 17',
  up: 'M5 12l5-5 5 5',
  down: 'M5 8l5 5 5-5',
  left: 'M12 5l-5 5 5 5',
  right: 'M8 5l5 5-5 5',
  close: 'M5 5l10 10M15 5L5 15',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  menu: 'M3 5h14M3 10h14M3 15h14',
  user: 'M10 3a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM3.5 17c.6-3 3-4.8 6.5-4.8s5.9 1.8 6.5 4.8',
  overview: 'M3 17V9M8 17V4M13 17v-6M18 17V7',
  federation: 'M7.5 5a5 5 0 100 10 5 5 0 000-10zM12.5 5a5 5 0 100 10 5 5 0 000-10z',
  streams: 'M2 7h13M12 4l3 3-3 3M18 13H5M8 10l-3 3 3 3',
  certificate: 'M4 3h12v9H4zM7 6h6M7 9h4M9 12v5l2-1.5L13 17v-5',
  audit: 'M5 2h7l3 3v13H5zM8 8h5M8 11h5M8 14h3',
  people: 'M7 4a3 3 0 100 6 3 3 0 000-6zM1.5 16c.4-2.6 2.4-4 5.5-4s5.1 1.4 5.5 4M13 5a2.5 2.5 0 110 5M15 12.5c2 .4 3.2 1.6 3.5 3.5',
  token: 'M7 9a4 4 0 100 8 4 4 0 000-8zM10 10l7-7M14 6l2.5 2.5',
  directory: 'M3 4h5l2 2h7v10H3z',
  history: 'M10 3a7 7 0 11-6.6 4.6M3 3v5h5M10 6.5V10l2.5 2',
  play: 'M6 4l10 6-10 6z',
  refresh: 'M16.5 8A7 7 0 104 13.5M17 3v5h-5',
  language: 'M10 2a8 8 0 100 16 8 8 0 000-16zM2 10h16M10 2c5 5 5 11 0 16M10 2c-5 5-5 11 0 16',
  theme: 'M10 2a8 8 0 100 16 8 8 0 000-16zM10 2v16M10 6h6.8M10 10h7.9M10 14h6.8',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, ...rest }: { name: IconName } & SVGProps<SVGSVGElement>) {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5"
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false" {...rest}>
      <path d={paths[name]} />
    </svg>
  );
}
