/**
 * What /api/v1 takes and gives, under the names of the panel. The types themselves are written from
 * docs/openapi.yaml (schema.ts), which entented is held against: nothing is said of them here.
 */
import type * as is from './schema';

export type {
  Access, Administrator, Attempt, AttemptStep, AuditVerdict, Binding, Certificate, Changed, Directory, FieldChange,
  Gateway, Grant, Level, Method, Negotiation, Pair, PartnerState, Partner, Plan, PlannedChange, PlannedClose, Policy,
  Role, RouteConnection, RouteError, RouteState, RouteTarget, Session, Status, Stream, StreamState, TestEnd, TestLine, TestStep, Time, Token, TokenShown, WayOut, Warning,
} from './schema';

export type Right = is.Rights[number];
export type Kind = is.ObjectKind;
export type PartnerType = is.Partner['partner_type'];
export type ChangeRequest = is.Change;
export type MatrixRow = is.NegotiationRow;
export type LocalDomain = is.Domain;
export type SipRoute = is.Route;
export type Health = is.PartnerHealth;
export type AuditEntry = is.AuditLine;
export type Generation = is.GenerationRow;

/** A list as every path of several answers with; of settings with their generation beside it. */
export interface Items<T> {
  items: T[];
}

/** One object, with more beside it in some answers. */
export interface Item<T> {
  item: T;
}
