/** The classes of data of TSK-3 and CON-9, as they stand in claims and in route options. */
export type DataClass = 'public' | 'internal' | 'confidential' | 'restricted' | 'personal'
