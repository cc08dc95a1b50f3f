-- The demo's questions. A line "-- @kind name: title" begins one; its statement
-- ends with a semicolon and orders its rows completely, so that the answers of
-- the two paths can be compared row by row. Kinds:
--   live   on the tables that the transactions write, asked all the time
--   all    on all 3 million flights, asked all the time, compared at the end
--   model  asked after the training
--   one    one departure, $1, asked inside the transaction that books it
--   export written to a Parquet file and read back

-- @live revenue: Which states bring in the most?
SELECT a.state, count(*) AS bookings, sum(b.seats) AS seats, sum(b.price) AS revenue
FROM bookings b JOIN departures d ON d.id = b.departure JOIN airports a ON a.iata = d.origin
WHERE b.status = 'booked'
GROUP BY a.state
ORDER BY revenue DESC, a.state
LIMIT 4;

-- @live customer: What has one customer booked?
SELECT c.id, c.name, c.miles, c.balance, b.status, count(*) AS bookings, sum(b.price) AS price
FROM customers c JOIN bookings b ON b.customer = c.id
WHERE c.id = 7
GROUP BY c.id, c.name, c.miles, c.balance, b.status
ORDER BY b.status;

-- @live full: Which departures are the fullest?
SELECT d.id, d.origin, d.destination, d.date, s.sold, s.capacity
FROM seats s JOIN departures d ON d.id = s.departure
WHERE s.sold > 0
ORDER BY s.sold DESC, d.id
LIMIT 4;

-- @live books: Do the books balance?
SELECT (SELECT sum(balance) FROM customers) + (SELECT coalesce(sum(amount), 0) FROM payments) AS money,
       (SELECT sum(sold) FROM seats) - (SELECT coalesce(sum(seats), 0) FROM bookings WHERE status = 'booked') AS seats_lost;

-- @all delays: Where do flights start late?
SELECT a.city, a.state, f.flights, f.delay, f.worst
FROM (SELECT origin, count(*) AS flights, avg(delay) AS delay, max(delay) AS worst
      FROM flights GROUP BY origin HAVING count(*) > 20000) f
JOIN airports a ON a.iata = f.origin
ORDER BY f.delay DESC, a.city
LIMIT 4;

-- @all passengers: How late do booked passengers arrive?
SELECT a.name AS airport, count(*) AS bookings, sum(b.seats) AS passengers, sum(b.seats * f.delay) AS minutes_lost
FROM bookings b
JOIN departures d ON d.id = b.departure
JOIN flights f ON f.date = d.date AND f.origin = d.origin AND f.destination = d.destination AND f.distance = d.distance
JOIN airports a ON a.iata = f.destination
WHERE b.status = 'booked'
GROUP BY a.iata, a.name
ORDER BY minutes_lost DESC, a.name
LIMIT 4;

-- @model forecast: Delay and forecast by hour
SELECT extract(hour FROM date) AS hour, count(*) AS flights, avg(delay) AS delay,
       avg(predict('delay_minutes', distance => distance, hour => extract(hour FROM date), origin => origin)) AS forecast,
       avg(predict_proba('delay_late', distance => distance, hour => extract(hour FROM date))) AS late
FROM flights
WHERE extract(hour FROM date) IN (6, 12, 18, 23)
GROUP BY 1
ORDER BY 1;

-- @one departure: Forecast of one departure
SELECT d.origin, d.destination, d.date,
       predict('delay_minutes', distance => d.distance, hour => extract(hour FROM d.date), origin => d.origin) AS minutes,
       predict_proba('delay_late', distance => d.distance, hour => extract(hour FROM d.date)) AS late
FROM departures d
WHERE d.id = $1;

-- @export routes: All routes with their delays
SELECT origin, destination, count(*) AS flights, sum(delay) AS minutes, avg(delay) AS delay, max(date) AS last_flight
FROM flights
GROUP BY origin, destination
ORDER BY origin, destination;
