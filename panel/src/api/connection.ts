/**
 * Whether the service answers. One prober for the whole panel: those who wait are told when it is
 * back, so that nobody polls on his own.
 */
type Listener = () => void;

const delays = [500, 1000, 2000, 4000];

let away = false;
let probing: Promise<void> | null = null;
const listeners = new Set<Listener>();

function set(value: boolean) {
  if (away === value) return;
  away = value;
  listeners.forEach((tell) => tell());
}

async function answers(): Promise<boolean> {
  try {
    const response = await fetch('/api/v1/session', { cache: 'no-store', headers: { 'x-entente-background': '1' } });
    return response.status < 500;
  } catch {
    return false;
  }
}

async function probe() {
  for (let turn = 0; ; turn++) {
    await new Promise((done) => setTimeout(done, delays[Math.min(turn, delays.length - 1)]));
    if (await answers()) break;
  }
  probing = null;
  set(false);
}

export const connection = {
  isAway: () => away,
  subscribe(listener: Listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  /** The service does not answer; resolves when it does again. */
  lost(): Promise<void> {
    set(true);
    probing ??= probe();
    return probing;
  },
};
