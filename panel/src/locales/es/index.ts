import { merge } from '../merge';
import base from './base.json';
import pages from './pages.json';
import partners from './partners.json';

export default merge(base, partners, pages);
