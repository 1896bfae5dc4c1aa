export { Can, usePhase, useSession } from './session';
export { useDraft, type Draft } from './draft';
export { useUnsaved } from './unsaved';
export { sessions } from './store';
