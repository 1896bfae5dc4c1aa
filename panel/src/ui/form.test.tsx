import { Input } from '@fluentui/react-components';
import { fireEvent, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { Problem } from '../api/client';
import { show } from '../testing/render';
import { Form, FormField } from './form';

it('is not sent by the Enter that ends a composition', async () => {
  await show(<Form onSubmit={() => undefined} aria-label="f"><Input aria-label="name" /></Form>);
  const input = screen.getByRole('textbox');
  // fireEvent says false when somebody has prevented what the key would do.
  expect(fireEvent.keyDown(input, { key: 'Enter', isComposing: true })).toBe(false);
  expect(fireEvent.keyDown(input, { key: 'Enter', keyCode: 229 })).toBe(false);
  expect(fireEvent.keyDown(input, { key: 'Enter' })).toBe(true);
});

it('sends itself once', async () => {
  const send = vi.fn();
  await show(<Form onSubmit={send} aria-label="f"><Input aria-label="name" /></Form>);
  fireEvent.submit(screen.getByRole('form'));
  expect(send).toHaveBeenCalledTimes(1);
});

it('shows a refusal at its field, and goes there', async () => {
  const problem = new Problem(422, { code: 'domain_bad', detail: 'not a domain', field: 'domain' });
  await show(
    <Form onSubmit={() => undefined} problem={problem} aria-label="f">
      <FormField name="description" problem={problem} label="Description"><Input /></FormField>
      <FormField name="domain" problem={problem} label="Domain"><Input /></FormField>
    </Form>);
  const domain = screen.getByRole('textbox', { name: 'Domain' });
  expect(domain.getAttribute('aria-invalid')).toBe('true');
  expect(document.activeElement).toBe(domain);
  expect(screen.getByText('not a domain')).toBeTruthy();
  expect(screen.getByRole('textbox', { name: 'Description' }).getAttribute('aria-invalid')).not.toBe('true');
});
