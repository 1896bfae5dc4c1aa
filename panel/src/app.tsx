import { Spinner } from '@fluentui/react-components';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, lazy, useEffect, useMemo, useState, type ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, RouterProvider, createBrowserRouter, useRouteError, type RouteObject } from 'react-router-dom';
import { connection } from './api/connection';
import { queryClient } from './api/queries';
import { AwayBanner, Federation, Layout } from './layout';
import { federationPages, firstPage, pages, type PageRoute } from './routes';
import { SignIn } from './session/SignIn';
import { usePhase, useSession } from './session/session';
import { sessions } from './session/store';
import { Themed } from './theme/theme';
import { ErrorPanel } from './ui/ErrorPanel';
import { LinkTo } from './ui/LinkTo';
import { Page } from './ui/Page';

const MustChange = lazy(async () => ({ default: (await import('./session/MustChange')).MustChange }));

function NotFound() {
  const { t } = useTranslation();
  return <Page title={t('notFound.title')}><p>{t('notFound.text')} <LinkTo to="/">{t('notFound.home')}</LinkTo></p></Page>;
}

function Broken() {
  const { t } = useTranslation();
  return <Page title={t('broken.title')}><ErrorPanel error={useRouteError()} retry={() => location.reload()} /></Page>;
}

function Guard({ right, children }: { right: string | null; children: ReactElement }) {
  const { t } = useTranslation();
  const { has } = useSession();
  if (right === null || has(right)) return children;
  return <Page title={t('denied.title')}><p>{t('denied.text', { right })}</p></Page>;
}

function Home({ children }: { children: ReactElement }) {
  const { has } = useSession();
  return has('status.read') ? children : <Navigate to={firstPage(has)} replace />;
}

const lazily = ({ path, right, load }: PageRoute): RouteObject => ({
  path,
  lazy: async () => {
    const { default: Content } = await load();
    return { Component: () => <Guard right={right}><Content /></Guard> };
  },
  errorElement: <Broken />,
});

const routes: RouteObject[] = [{
  element: <Layout />,
  errorElement: <Broken />,
  hydrateFallbackElement: <Spinner />,
  children: [
    {
      index: true,
      lazy: async () => {
        const { default: Overview } = await import('./pages/overview');
        return { Component: () => <Home><Overview /></Home> };
      },
      errorElement: <Broken />,
    },
    ...pages.map(lazily),
    { path: 'federation', element: <Federation />, children: federationPages.map(lazily) },
    { path: '*', element: <NotFound /> },
  ],
}];

/** The pages exist only for somebody who is signed in; the router is made with them. */
function Pages() {
  const router = useMemo(() => createBrowserRouter(routes), []);
  return <RouterProvider router={router} />;
}

function Door() {
  const { t } = useTranslation();
  const phase = usePhase();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    sessions.refresh().catch(() => void connection.lost().then(() => setTurn(turn + 1)));
  }, [turn]);
  if (phase.is === 'loading') return <main><AwayBanner /><Spinner label={t('list.loading')} /></main>;
  if (phase.is === 'nobody') return <SignIn />;
  if (phase.is === 'here' && phase.session.must) {
    return <Suspense fallback={<Spinner label={t('list.loading')} />}><MustChange must={phase.session.must} /></Suspense>;
  }
  return <Pages />;
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Themed><Door /></Themed>
    </QueryClientProvider>
  );
}
