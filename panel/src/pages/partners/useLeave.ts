/** Leaving a page because what was to be done on it is done; the next page says so. */
import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { useNotify } from '../../ui';

export function useLeave() {
  const go = useNavigate();
  const notify = useNotify();
  const [to, setTo] = useState<string | null>(null);
  const said = useRef('');
  const latest = useRef(notify);
  latest.current = notify;
  useEffect(() => {
    // Not before the page knows that nothing on it is unsaved any more, or leaving would ask.
    if (to !== null) go(to);
  }, [to, go]);
  // The next page may have to be read first: a notice that came before it would be the old page's.
  useEffect(() => () => {
    if (said.current) latest.current(said.current);
  }, []);
  return {
    leaving: to !== null,
    leave(path: string, text: string) {
      said.current = text;
      setTo(path);
    },
  };
}
