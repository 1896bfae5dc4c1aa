/** A component as it stands in the panel: themed, translated, at an address. */
import { render } from '@testing-library/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { RouterProvider, createMemoryRouter } from 'react-router-dom';
import { startI18n } from '../i18n';
import { Themed } from '../theme/theme';

export async function show(element: ReactElement, language = 'en') {
  await startI18n(language);
  const router = createMemoryRouter([{ path: '*', element }]);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(<QueryClientProvider client={client}><Themed><RouterProvider router={router} /></Themed></QueryClientProvider>);
}
