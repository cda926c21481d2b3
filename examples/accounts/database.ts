import process from 'node:process';
import mysql, { type Pool } from 'fresh-connections/mysql2/promise';

const { MYSQL_URL = 'mysql://root@127.0.0.1:3306/test' } = process.env;

/** The pool of the gRPC examples. */
export const db: Pool = mysql.createPool({ uri: MYSQL_URL, connectionLimit: 16 });
