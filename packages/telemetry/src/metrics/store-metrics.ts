/** Attributes of a server of the store. */
export const SERVER = ['server.address', 'server.port'] as const;

/** Metrics of the servers of the store: their tables, disks and replication. */
export const STORE_METRICS = {
  'quantumtrade.dal.storage.size': {
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes of the columns of each table and partition, `compressed` and `uncompressed`.',
    attributes: [
      ...SERVER,
      'db.collection.name',
      'quantumtrade.dal.partition',
      'quantumtrade.dal.storage.form',
    ],
  },
  'quantumtrade.dal.storage.rows': {
    kind: 'gauge',
    unit: '{row}',
    description: 'Rows of each table and partition, older versions included until they are merged.',
    attributes: [...SERVER, 'db.collection.name', 'quantumtrade.dal.partition'],
  },
  'quantumtrade.dal.storage.parts': {
    kind: 'gauge',
    unit: '{part}',
    description: 'Active parts of each table and partition.',
    attributes: [...SERVER, 'db.collection.name', 'quantumtrade.dal.partition'],
  },
  'quantumtrade.dal.storage.parts.max': {
    kind: 'gauge',
    unit: '{part}',
    description: 'Active parts of the partition of each table that has the most of them.',
    attributes: [...SERVER, 'db.collection.name'],
  },
  'quantumtrade.dal.mutations.unfinished': {
    kind: 'gauge',
    unit: '{mutation}',
    description: 'Changes of stored rows that are not complete, those included that fail.',
    attributes: SERVER,
  },
  'quantumtrade.dal.mutations.failed': {
    kind: 'gauge',
    unit: '{mutation}',
    description: 'Unfinished changes of stored rows whose latest attempt has failed.',
    attributes: SERVER,
  },
  'quantumtrade.dal.storage.compression': {
    kind: 'gauge',
    unit: '1',
    description: 'Uncompressed size of a table divided by its compressed size.',
    attributes: [...SERVER, 'db.collection.name'],
  },
  'quantumtrade.dal.disk.free': {
    kind: 'gauge',
    unit: 'By',
    description: 'Free space of each disk of the store.',
    attributes: [...SERVER, 'quantumtrade.dal.disk'],
  },
  'quantumtrade.dal.disk.size': {
    kind: 'gauge',
    unit: 'By',
    description: 'Size of each disk of the store.',
    attributes: [...SERVER, 'quantumtrade.dal.disk'],
  },
  'quantumtrade.dal.replication.delay': {
    kind: 'gauge',
    unit: 's',
    description: 'Age of the oldest change that a server has not got yet.',
    attributes: [...SERVER, 'db.collection.name'],
  },
} as const;
