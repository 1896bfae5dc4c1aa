/**
 * Fluent's dialog, and what becomes of the page behind it. Here dialogs are opened by state, not by a
 * trigger, and often leave together with the page that showed them: then nobody would give the focus
 * back, and the page would stay hidden from those who listen.
 */
import { Dialog, type DialogProps } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';

const anyOpen = () => document.querySelector('[role=dialog], [role=alertdialog]') !== null;

let guard: MutationObserver | null = null;

/** Whatever hid the page for a dialog that is gone: the page is shown again. */
function watch() {
  const root = document.getElementById('root');
  if (guard || !root) return;
  guard = new MutationObserver(() => {
    if (root.hasAttribute('aria-hidden') && !anyOpen()) root.removeAttribute('aria-hidden');
  });
  guard.observe(document.body, { childList: true });
  guard.observe(root, { attributes: true, attributeFilter: ['aria-hidden'] });
}

function giveBack(before: Element | null) {
  const active = document.activeElement;
  if (anyOpen() || (active && active !== document.body)) return;
  const to = before?.isConnected && before !== document.body ? before : document.querySelector('main h1');
  (to as HTMLElement | null)?.focus({ preventScroll: true });
}

export function Modal(props: DialogProps) {
  const before = useRef<Element | null>(null);
  const open = props.open ?? false;
  const was = useRef(false);
  if (open && !was.current) before.current = document.activeElement;
  was.current = open;
  useEffect(() => {
    if (!open) return;
    watch();
    return () => {
      // After Fluent has taken the dialog out of the document, which it does slowly.
      setTimeout(() => giveBack(before.current), 300);
    };
  }, [open]);
  return <Dialog {...props} />;
}
