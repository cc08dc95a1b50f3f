-- The demo's tables. Statements are separated by semicolons and run one by one;
-- a comment that begins with @ names the step that the demo shows.

-- @ import 3,000,000 flights
CREATE TABLE flights AS SELECT * FROM 'flights-3m.parquet';

-- @ import the airports
CREATE TABLE airports (
  iata text PRIMARY KEY, name text NOT NULL, city text, state text, country text,
  latitude double precision, longitude double precision
);
COPY airports FROM 'airports.csv' (FORMAT csv, HEADER);

-- @ make the tables of the booking office
-- What can be booked are the flights of one day, numbered.
CREATE TABLE departures (
  id bigint PRIMARY KEY, date timestamp NOT NULL, origin text NOT NULL, destination text NOT NULL,
  distance bigint NOT NULL, price numeric(8,2) NOT NULL
);
INSERT INTO departures
SELECT row_number() OVER (ORDER BY date, origin, destination, distance, delay), date, origin, destination, distance,
       (39 + distance * 0.11)::numeric(8,2)
FROM flights WHERE date >= '2001-06-29' AND date < '2001-06-30';

CREATE TABLE seats (departure bigint PRIMARY KEY, capacity integer NOT NULL, sold integer NOT NULL);
INSERT INTO seats SELECT id, 40, 0 FROM departures;

CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, balance numeric(12,2) NOT NULL, miles bigint NOT NULL);
INSERT INTO customers
SELECT g, f.name || ' ' || l.name, 10000.00, 0
FROM generate_series(1, 20000) g
JOIN (VALUES (0, 'Ada'), (1, 'Alan'), (2, 'Barbara'), (3, 'Charles'), (4, 'Claude'), (5, 'Edgar'), (6, 'Edsger'), (7, 'Emmy'),
             (8, 'Grace'), (9, 'Jim'), (10, 'John'), (11, 'Kurt'), (12, 'Leslie'), (13, 'Mary'), (14, 'Niklaus'), (15, 'Radia'),
             (16, 'Rózsa'), (17, 'Sofja'), (18, 'Tony'), (19, 'Wang')) AS f(k, name) ON f.k = g % 20
JOIN (VALUES (0, 'Adler'), (1, 'Brandt'), (2, 'Castro'), (3, 'Doyle'), (4, 'Evans'), (5, 'Fischer'), (6, 'García'), (7, 'Haddad'),
             (8, 'Ito'), (9, 'Jensen'), (10, 'Kim'), (11, 'Larsen'), (12, 'Mbeki'), (13, 'Novák'), (14, 'Okafor'), (15, 'Patel'),
             (16, 'Quinn'), (17, 'Rossi'), (18, 'Silva'), (19, 'Tanaka')) AS l(k, name) ON l.k = (g / 20) % 20;

CREATE TABLE bookings (
  id bigint PRIMARY KEY, customer bigint NOT NULL, departure bigint NOT NULL, seats integer NOT NULL, price numeric(10,2) NOT NULL,
  status text NOT NULL, expected_delay double precision, made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bookings_customer ON bookings (customer);

CREATE TABLE payments (id bigint PRIMARY KEY, booking bigint NOT NULL, customer bigint NOT NULL, amount numeric(10,2) NOT NULL);
