import { describe, expect, it } from 'vitest';
import { draftOf, patchOf } from './model';

const base = draftOf({ enabled: true, servers: ['ldaps://a.example', 'ldaps://b.example'], user_base: 'ou=people', timeout: 5,
  bind_password_set: true });

describe('the settings of the directory', () => {
  it('stand in the form, without the password', () => {
    expect(base).toMatchObject({ servers: 'ldaps://a.example\nldaps://b.example', bind_password: '', timeout: '5', ca_file: '' });
  });

  it('are sent where they were changed', () => {
    expect(patchOf(base, base)).toEqual({});
    expect(patchOf(base, { ...base, servers: 'ldaps://a.example, ldap://c.example', timeout: '7', user_base: ' ou=staff ' }))
      .toEqual({ servers: ['ldaps://a.example', 'ldap://c.example'], timeout: 7, user_base: 'ou=staff' });
  });

  it('send the password as it was typed, and what is no number as it is', () => {
    expect(patchOf(base, { ...base, bind_password: ' x ', timeout: 'soon' })).toEqual({ bind_password: ' x ', timeout: 'soon' });
  });
});
