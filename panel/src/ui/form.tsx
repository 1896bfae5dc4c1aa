import { Field, makeStyles, tokens, type FieldProps } from '@fluentui/react-components';
import { useEffect, useRef, type FormEvent, type FormHTMLAttributes, type KeyboardEvent, type ReactNode } from 'react';
import { isProblem } from '../api/problem';
import { problemText } from './problem';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, maxWidth: '44rem' },
});

/** The words for a field that a refusal is about, else nothing. */
export function fieldError(problem: unknown, name: string): string | undefined {
  return isProblem(problem) && problem.field === name ? problemText(problem) : undefined;
}

/** Whether a form shows the refusal at one of its fields, so that it need not stand above it too. */
export const isFieldError = (problem: unknown, names: readonly string[]) =>
  isProblem(problem) && problem.field !== null && names.includes(problem.field);

/** A field by its name in the API: a refusal that names it is shown at it. */
export function FormField({ name, problem, ...rest }: { name: string; problem: unknown } & FieldProps) {
  const text = fieldError(problem, name);
  return <Field data-field={name} validationState={text ? 'error' : 'none'} validationMessage={text} {...rest} />;
}

/**
 * A form. Return sends it, except while an input method composes: then it belongs to the input
 * method. After a refusal the focus goes to the field that is wrong.
 */
export function Form({ onSubmit, problem, children, ...rest }:
  { onSubmit(): void; problem?: unknown; children: ReactNode } & Omit<FormHTMLAttributes<HTMLFormElement>, 'onSubmit'>) {
  const styles = useStyles();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!isProblem(problem) || !problem.field) return;
    const field = [...(form.current?.querySelectorAll<HTMLElement>('[data-field]') ?? [])]
      .find((e) => e.dataset.field === problem.field);
    field?.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
  }, [problem]);
  return (
    <form ref={form} className={styles.form} noValidate
      onKeyDown={(e: KeyboardEvent) => {
        // keyCode 229: WebKit says the composition is over before the key that ended it.
        if (e.key === 'Enter' && (e.nativeEvent.isComposing || e.keyCode === 229)) e.preventDefault();
      }}
      onSubmit={(e: FormEvent) => {
        e.preventDefault();
        onSubmit();
      }}
      {...rest}>
      {children}
    </form>
  );
}
