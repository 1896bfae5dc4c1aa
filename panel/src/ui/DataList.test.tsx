import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { show } from '../testing/render';
import { DataList, type Column, type Filter } from './DataList';

interface Row { name: string; size: number; on: boolean }

const columns: Column<Row>[] = [
  { key: 'name', title: 'Name', text: (r) => r.name, render: (r) => <a href={`/${r.name}`}>{r.name}</a> },
  { key: 'size', title: 'Size', text: (r) => String(r.size), sort: (a, b) => a.size - b.size, number: true },
];
const filters: Filter<Row>[] = [{
  key: 'on', label: 'Enabled', options: [{ value: 'yes', label: 'on' }, { value: 'no', label: 'off' }],
  matches: (r, value) => r.on === (value === 'yes'),
}];
const many = (n: number): Row[] => Array.from({ length: n }, (_, i) => ({ name: `p${i}.example`, size: n - i, on: i % 2 === 0 }));

function List({ rows }: { rows: Row[] }) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  return <DataList label="Partners" items={rows} columns={columns} filters={filters} rowKey={(r) => r.name} rowName={(r) => r.name}
    selected={selected} onSelect={setSelected} bulk={<span>{[...selected].join(' ')}</span>} />;
}

const names = () => screen.getAllByRole('link').map((a) => a.textContent);

it('has one page of 10,000 rows in the document, in natural order', async () => {
  await show(<List rows={many(10_000)} />);
  expect(names()).toHaveLength(50);
  expect(names().slice(0, 3)).toEqual(['p0.example', 'p1.example', 'p2.example']);
  expect(screen.getByText('10000 entries')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  expect(names()[0]).toBe('p50.example');
  expect(screen.getByText('Page 2 of 200')).toBeTruthy();
});

it('finds, filters and sorts', async () => {
  await show(<List rows={many(300)} />);
  await userEvent.type(screen.getByRole('searchbox'), 'P29');
  expect(names()).toHaveLength(11);
  expect(screen.getByText('11 of 300 entries')).toBeTruthy();
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Enabled' }), 'yes');
  expect(names()).toEqual(['p290.example', 'p292.example', 'p294.example', 'p296.example', 'p298.example']);
  await userEvent.click(screen.getByRole('button', { name: 'Size' }));
  expect(names()[0]).toBe('p298.example');
  expect(screen.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('ascending');
  await userEvent.click(screen.getByRole('button', { name: 'Size' }));
  expect(names()[0]).toBe('p290.example');
});

it('chooses rows, one and all of a page, over pages', async () => {
  await show(<List rows={many(120)} />);
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select p3.example' }));
  expect(screen.getByText('1 selected')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select all on this page' }));
  expect(screen.getByText('51 selected')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Select none' }));
  expect(screen.queryByText(/selected/)).toBeNull();
});

it('moves from row to row with the arrow keys', async () => {
  await show(<List rows={many(3)} />);
  screen.getByRole('link', { name: 'p0.example' }).focus();
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowUp}');
  expect(document.activeElement?.textContent).toBe('p1.example');
});

it('says each cell\'s column where rows are cards', async () => {
  await show(<List rows={many(1)} />);
  const row = screen.getAllByRole('row')[1]!;
  expect(within(row).getAllByRole('cell').map((c) => c.getAttribute('data-label'))).toEqual([null, 'Name', 'Size']);
});
