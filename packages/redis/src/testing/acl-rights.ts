/** Permissions that the documentation lists for an ACL user. */
export const PERMISSIONS =
  '&* +@read +@write +@scripting +@connection +@pubsub -@dangerous +info +time'.split(' ');
export const CLUSTER_PERMISSIONS =
  '+cluster|slots +cluster|nodes +cluster|info +asking +readonly +readwrite'.split(' ');
