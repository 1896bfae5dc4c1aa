/**
 * Whether somebody is at this window: what the panel reads by itself while he is not must not keep
 * his session alive.
 */
const lasts = 30_000;
let latest = 0;

if (typeof window !== 'undefined') {
  for (const name of ['pointerdown', 'keydown', 'wheel', 'touchstart', 'focus'])
    window.addEventListener(name, () => { latest = Date.now(); }, { capture: true, passive: true });
}

export const somebodyIsHere = (now = Date.now()) => now - latest < lasts;
