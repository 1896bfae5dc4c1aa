/** What has just been done, said once: above the page and to those who listen. */
import { Button, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components';
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router-dom';
import { Icon } from './icons';

/** Older ones do not go along to another page. */
const goesAlong = 30_000;

type Tell = (text: string) => void;
const Context = createContext<Tell>(() => undefined);

/** notify(text): "Saved." and the like. */
export const useNotify = () => useContext(Context);

export function Notices({ children }: { children: (bar: ReactNode) => ReactNode }) {
  const { t } = useTranslation();
  const [notice, setNotice] = useState<{ text: string; told: number; moved: boolean } | null>(null);
  const { pathname } = useLocation();
  const tell = useCallback<Tell>((text) => setNotice({ text, told: Date.now(), moved: false }), []);
  useEffect(() => {
    // It goes along to the page that follows what was done, however long that takes to come, and
    // goes away with the next.
    setNotice((n) => (n && !n.moved && Date.now() - n.told < goesAlong ? { ...n, moved: true } : null));
  }, [pathname]);
  return (
    <Context.Provider value={tell}>
      {children(
        <div role="status">
          {notice ? (
            <MessageBar intent="success">
              <MessageBarBody>{notice.text}</MessageBarBody>
              <MessageBarActions containerAction={
                <Button appearance="transparent" icon={<Icon name="close" />} aria-label={t('action.close')}
                  onClick={() => setNotice(null)} />} />
            </MessageBar>
          ) : null}
        </div>)}
    </Context.Provider>
  );
}
