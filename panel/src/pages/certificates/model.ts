/** Certificates as the page shows them. Pure. */
import type { Certificate, Stream } from '../../api/types';
import type { Tone } from '../../ui';

/** From here on somebody should think of a new one. */
export const SOON_DAYS = 30;

export interface Ending {
  tone: Tone;
  /** A key of texts, with count. */
  text: 'ended' | 'endsToday' | 'endsIn';
  days: number;
}

export function endingOf(days: number): Ending {
  if (days < 0) return { tone: 'bad', text: 'ended', days: -days };
  if (days === 0) return { tone: 'bad', text: 'endsToday', days };
  return { tone: days <= SOON_DAYS ? 'warn' : 'good', text: 'endsIn', days };
}

export const daysUntil = (end: string, now: number) => Math.floor((Date.parse(end) - now) / 86400000);

/** Names come as one text, parted by commas or blanks. */
export const namesOf = (text: string | null) => (text ?? '').split(/[\s,]+/).filter(Boolean);

/** Domains that show this certificate and are not in it. */
export const missing = (c: Certificate) => namesOf(c.lacks);

/** A certificate that a partner showed on streams that are there now. */
export interface PartnerCertificate {
  key: string;
  partner: string;
  remote: string;
  verdict: string;
  ends: string | null;
  streams: number;
  /** The id of one of them: it has the details. */
  stream: string | null;
}

/** One row for each partner, domain, verdict and end; a stream without a certificate has none. */
export function partnerCertificates(streams: readonly Stream[]): PartnerCertificate[] {
  const rows = new Map<string, PartnerCertificate>();
  for (const s of streams) {
    if (!s.certificate) continue;
    const partner = s.partner ?? s.remote_domain ?? '';
    const key = [partner, s.remote_domain, s.certificate, s.certificate_expires].join(' ');
    const row = rows.get(key);
    if (row) row.streams++;
    else {
      rows.set(key, { key, partner, remote: s.remote_domain ?? partner, verdict: s.certificate,
        ends: s.certificate_expires, streams: 1, stream: s.id });
    }
  }
  return [...rows.values()];
}
